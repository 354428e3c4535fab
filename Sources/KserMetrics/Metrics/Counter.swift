import Synchronization

/// A number that only grows: tasks begun, mails sent.
///
///     let mails = try registry.counter("app_mails_sent", help: "Mails handed to the server")
///     mails.increment()
///
/// Its sample is called `<name>_total`. Adding 1 is one atomic instruction.
public final class Counter: Sendable {
    private let whole = Atomic<UInt64>(0)
    private let rest = AtomicDouble()
    let labels: LabelText
    let created = Timestamp.now()

    init(_ labels: LabelText) { self.labels = labels }

    /// The count so far.
    public var value: Double { Double(whole.load(ordering: .relaxed)) + rest.value }

    /// Adds 1.
    public func increment() { whole.wrappingAdd(1, ordering: .relaxed) }

    /// Adds a whole number; one below 0 is ignored.
    public func increment(by amount: Int) {
        if amount > 0 { whole.wrappingAdd(UInt64(amount), ordering: .relaxed) }
    }

    /// Adds an amount; one below 0, or that is no finite number, is ignored.
    public func increment(by amount: Double) {
        if amount > 0, amount.isFinite { rest.add(amount) }
    }
}

/// A number that goes up and down: connections open, bytes in a buffer.
public final class Gauge: Sendable {
    private let current = AtomicDouble()
    let labels: LabelText

    init(_ labels: LabelText) { self.labels = labels }

    /// The number as it is now.
    public var value: Double { current.value }

    /// Sets the number.
    public func set(to value: Double) { current.value = value }

    /// Adds to the number, 1 by default.
    public func increment(by amount: Double = 1) { current.add(amount) }

    /// Takes from the number, 1 by default.
    public func decrement(by amount: Double = 1) { current.add(-amount) }
}

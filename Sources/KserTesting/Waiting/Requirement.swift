import Kser
import Synchronization

/// Something that has to happen a number of times; a test waits for it, with a deadline.
///
///     let handled = Requirement("ten rolls", count: 10)
///     …                                        // the handler calls handled.fulfill()
///     try await handled.wait(atMost: .seconds(5))
public final class Requirement: Sendable {
    /// It did not happen in time.
    public struct Unfulfilled: Error, CustomStringConvertible {
        /// What was expected, how often it happened and how often it should have.
        public let description: String
    }

    private let name: String
    private let expected: Int
    private let happened = Mutex(0)
    private let fulfillment = Promise<Void>()

    /// Makes a requirement.
    ///
    /// - Parameters:
    ///   - name: what is to happen, for the error's text.
    ///   - count: how often.
    public init(_ name: String, count: Int = 1) {
        self.name = name
        expected = count
        if count <= 0 { fulfillment.keep() }
    }

    /// How often it happened.
    public var count: Int { happened.withLock { $0 } }

    /// Notes that it happened once.
    public func fulfill() {
        let count = happened.withLock { count in
            count += 1
            return count
        }
        if count >= expected { fulfillment.keep() }
    }

    /// Waits until it happened often enough.
    ///
    /// - Throws: ``Unfulfilled`` at the deadline, `CancellationError` when the task is cancelled.
    public func wait(atMost deadline: Duration = .seconds(30)) async throws {
        let waiting = Task { [fulfillment] in try await fulfillment.value() }
        let timer = Timers.shared.schedule(after: deadline) { waiting.cancel() }
        defer { Timers.shared.cancel(timer) }
        await withTaskCancellationHandler {
            _ = await waiting.result
        } onCancel: {
            waiting.cancel()
        }
        try Task.checkCancellation()
        let count = count
        if count < expected {
            throw Unfulfilled(description: "\(name): \(count) of \(expected) after \(deadline)")
        }
    }
}

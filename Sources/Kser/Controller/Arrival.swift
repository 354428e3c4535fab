import Synchronization

/// What became of a message at the end of its way through the middleware.
struct Arrival: Sendable {
    var outcome: Result<ExecutionResult, any Error>
    var execution: Execution?
    var refusal: Dispatch.Refusal?
}

/// Keeps the arrival of a message while its result goes back through the middleware.
final class Reached: Sendable {
    private let last = Mutex<Arrival?>(nil)

    func note(_ arrival: Arrival) { last.withLock { $0 = arrival } }

    /// The arrival with the outcome that middleware made of it; without one when middleware answered by itself.
    func arrival(outcome: Result<ExecutionResult, any Error>) -> Arrival {
        last.withLock { last in
            Arrival(outcome: outcome, execution: last?.execution, refusal: last?.refusal)
        }
    }
}

import Synchronization

/// A message at the end of its way through the middleware.
struct Arrival: Sendable {
    let execution: Execution
    /// Nil when none is registered under the message's name.
    let entrypoint: RegisteredEntrypoint?
    /// What is done with the entrypoint instead of running it.
    var work: Work?

    typealias Work = @Sendable (RegisteredEntrypoint, Execution) async throws -> ExecutionResult
    /// Who may keep the entrypoint from running, or stop it.
    var supervision: Supervision?
    /// Writes what answers the message.
    var writer: Dispatch.Writer?

    var refusal: Dispatch.Refusal? { entrypoint == nil ? .unknownEntrypoint : nil }

    var invocation: Invocation {
        Invocation(message: execution.received, record: execution.record, attempt: execution.attempt)
    }

    /// Runs the entrypoint, or does what is done with it instead.
    @inline(__always)
    func run(_ entrypoint: RegisteredEntrypoint) async throws -> ExecutionResult {
        if let work { return try await work(entrypoint, execution) }
        return try await entrypoint.perform(execution, nil)
    }

    /// What becomes of the message when it is not handled, or its handler throws.
    func failure(_ error: any Error) -> Dispatch {
        if let refused = error as? Dispatch.Refused {
            return Dispatch(execution, .from(refused.error, uuid: execution.received.uuid), refused.refusal)
        }
        return Dispatch(execution, .from(error, uuid: execution.received.uuid), refusal)
    }
}

/// Keeps the arrival of a message while its result goes back through the middleware; nil while none arrived, since
/// middleware may answer by itself.
final class Reached: Sendable {
    let work: Arrival.Work?
    let supervision: Supervision?
    private let state = Mutex<Arrival?>(nil)
    private let refused = Mutex<Dispatch.Refusal?>(nil)

    init(of arrival: Arrival) {
        work = arrival.work
        supervision = arrival.supervision
    }

    /// Why the handler was kept from running.
    var refusal: Dispatch.Refusal? {
        get { refused.withLock { $0 } }
        set { refused.withLock { $0 = newValue } }
    }

    var last: Arrival? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

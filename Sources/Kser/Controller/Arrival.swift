import Synchronization

/// A message at the end of its way through the middleware.
struct Arrival: Sendable {
    let execution: Execution
    /// Nil when none is registered under the message's name.
    let entrypoint: RegisteredEntrypoint?
    /// Nil when the entrypoint is run, and that is all.
    var terms: Terms?

    typealias Work = @Sendable (RegisteredEntrypoint, Execution) async throws -> ExecutionResult

    /// What is done besides.
    final class Terms: Sendable {
        /// Who may keep the entrypoint from running, or stop it.
        let supervision: Supervision?
        /// Writes what answers the message.
        let writer: Dispatch.Writer?
        /// What is done with the entrypoint instead of running it.
        let work: Work?

        init(_ supervision: Supervision?, _ writer: Dispatch.Writer?, _ work: Work? = nil) {
            self.supervision = supervision
            self.writer = writer
            self.work = work
        }

        /// Runs an entrypoint, or does what is done with it instead, as far as the supervision lets it.
        @inline(never)
        func perform(_ entrypoint: RegisteredEntrypoint, _ execution: Execution) async throws -> ExecutionResult {
            guard let supervision else { return try await run(entrypoint, execution) }
            return try await supervision.run(execution) { try await self.run(entrypoint, execution) }
        }

        @inline(__always)
        private func run(_ entrypoint: RegisteredEntrypoint, _ execution: Execution) async throws -> ExecutionResult {
            if let work { return try await work(entrypoint, execution) }
            return try await entrypoint.perform(execution, nil)
        }
    }

    var refusal: Dispatch.Refusal? { entrypoint == nil ? .unknownEntrypoint : nil }

    var invocation: Invocation {
        Invocation(message: execution.received, record: execution.record, attempt: execution.attempt)
    }

    /// What becomes of the message when it is not handled, or its handler throws.
    @inline(never)
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
    let terms: Arrival.Terms?
    private let state = Mutex<Arrival?>(nil)
    private let refused = Mutex<Dispatch.Refusal?>(nil)

    init(of arrival: Arrival) { terms = arrival.terms }

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

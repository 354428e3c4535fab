import Synchronization

/// What a dispatched message was to its operation, and so what has to be done before its record is completed.
final class OperationStep: Sendable {
    enum Standing: Sendable {
        /// The task was run or compensated as this attempt; its result is to be recorded.
        case ran(OperationDraft.Attempt)
        /// The task had ended before, or another message has it: at most what comes next has to be sent once more.
        case passed
        /// The task was not begun, since this worker does not have its entrypoint, or not the store's tables yet. Another
        /// worker may.
        case postponed
        /// The store cannot be asked now, so nothing was run.
        case interrupted
        /// The store refuses, and always will: nothing was run, and nothing can be recorded.
        case refused
    }

    let standing: Standing
    /// Whether the result is one that the sender may want.
    let isReplied: Bool
    let ticket: OperationTicket
    let owner: String
    let cluster: OperationCluster
    let controller: Controller
    /// The metadata that the message came with.
    let received: JSONObject
    /// Whether the store has the result.
    private let isRecorded = Atomic(false)

    init(
        _ standing: Standing,
        of ticket: OperationTicket,
        owner: String,
        in cluster: OperationCluster,
        on controller: Controller,
        received: JSONObject,
        isReplied: Bool
    ) {
        self.standing = standing
        self.isReplied = isReplied
        self.ticket = ticket
        self.owner = owner
        self.cluster = cluster
        self.controller = controller
        self.received = received
    }

    /// The outcome, where it does not depend on the result.
    ///
    /// - Parameter hasLadder: whether messages are tried again.
    /// - Returns: the outcome; nil where the result says it.
    func outcome(_ hasLadder: Bool) -> Outcome? {
        switch standing {
        case .ran: nil
        case .passed: .success
        case .postponed: hasLadder ? .retry : nil
        case .interrupted: .interrupted
        case .refused: .deadLetter
        }
    }

    /// The message of a task that is to be sent next, or why it cannot be written.
    struct Next: Sendable {
        let task: String
        let record: Result<ProducerRecord, any Error>
    }

    /// What is to be done about the record of a message.
    enum Conclusion: Sendable {
        /// This is to be sent before anything else.
        case next([Next])
        /// Another attempt has the task: nothing that came of this one counts.
        case superseded
    }

    /// Records the result and tells what is to be sent next. It may be called again: what is recorded stays, and only what
    /// no worker has begun is sent again.
    func conclude(_ dispatch: Dispatch) async throws -> Conclusion {
        let identity = try await cluster.identity()
        let result = dispatch.result
        let metadata = dispatch.message?.metadata.changes(since: received) ?? [:]
        let outbox = dispatch.sent.isEmpty ? nil : JSON(outbox: dispatch.sent)
        let found = try await cluster.change(ticket.operation, on: controller) { [self] draft throws(StoreError) in
            if isRecorded.load(ordering: .relaxed) {
                return (isOurs: true, due: try draft.due(by: owner), concluding: try draft.concluding())
            }
            let isEnded =
                switch standing {
                case .ran(let attempt):
                    try draft.finish(
                        ticket,
                        attempt.number,
                        by: owner,
                        result,
                        hasBegun: attempt.beginning != nil,
                        carrying: metadata,
                        outbox: outbox,
                        refusing: { cluster.refusal(of: $0, in: identity) }
                    )
                case .postponed: try draft.fail(ticket, by: owner, result)
                case .passed, .interrupted, .refused: false
                }
            if isEnded {
                return (isOurs: true, due: try draft.dueTasks(draft.released()), concluding: try draft.concluding())
            }
            // It may have been recorded by a call whose answer was lost: then it is owed what comes next.
            let due = try draft.due(by: owner)
            let isPast = try draft.task(ticket.task).map { $0.endedAt != nil && $0.owner == owner } ?? true
            var isKnown = isPast || !due.isEmpty
            if case .passed = standing { isKnown = true }
            return (isOurs: isKnown, due: due, concluding: isKnown ? try draft.concluding() : nil)
        }
        guard var found else { return .next([]) }  // Somebody has pruned it in the meantime.
        if !found.isOurs { return .superseded }
        isRecorded.store(true, ordering: .relaxed)
        if let operation = found.concluding {
            found.due += try await cluster.callHooks(of: operation, by: owner, on: controller)
        }
        return .next(
            found.due.map { task in
                Next(task: task.task.uuid, record: Result { try cluster.record(for: task, in: identity) })
            }
        )
    }

    /// Leaves the task to a record in a retry topic.
    ///
    /// - Returns: false when another attempt has the task.
    func handOver(after delay: Duration) async throws -> Bool {
        guard case .ran(let attempt) = standing else { return true }
        let patience = delay.milliseconds.addingSaturating(cluster.resendInterval.milliseconds)
        let isOurs = try await cluster.change(ticket.operation) { [self] draft throws(StoreError) in
            if try draft.handOver(ticket, attempt.number, by: owner, until: draft.now.addingSaturating(patience)) {
                return true
            }
            // What was handed over before is on its way.
            return try draft.task(ticket.task).map { draft.isUnbegun($0) && $0.attempts == attempt.number } ?? true
        }
        return isOurs ?? true
    }

    /// Ends a task whose message cannot be sent, as if it had been run and failed.
    func refuse(_ task: String, _ error: KserError) async throws {
        let result = ExecutionResult.from(error, uuid: task)
        _ = try await cluster.change(ticket.operation, on: controller) { [owner] draft throws(StoreError) in
            try draft.refuse(task, by: owner, result)
        }
    }

    /// Says whether a result can be written into the store and the messages that follow.
    static let writer: Dispatch.Writer = { dispatch in
        _ = try JSONMessageCodec().encode(Message(entrypoint: "", result: dispatch.result))
        return nil
    }
}

extension OperationCluster {
    /// Why the message of a task can never be sent: it is larger than the producer takes.
    func refusal(of due: DueTask, in identity: String) -> KserError? {
        guard let limit = producer.recordSizeLimit else { return nil }
        // Most are far from it, and need not be written to see that.
        let guess = due.result.retval.roughSize + due.task.params.roughSize + due.result.stdout.utf8.count
        if guess < limit.bytes / 16 { return nil }
        guard let size = try? record(for: due, in: identity).size, size > limit.bytes else { return nil }
        return .io(
            "With this result the message of the next task, \(due.task.entrypoint), has \(size) bytes, and "
                + "\(limit.setting) allows \(limit.bytes): give less, or raise it and the topic's max.message.bytes"
        )
    }
}

extension JSONObject {
    /// About how many bytes it has as text.
    fileprivate var roughSize: Int { reduce(2) { $0 + $1.key.utf8.count + 4 + $1.value.roughSize } }
}

extension JSON {
    fileprivate var roughSize: Int {
        switch self {
        case .object(let object): object.roughSize
        case .array(let array): array.reduce(2) { $0 + 1 + $1.roughSize }
        case .string(let text): text.utf8.count + 2
        default: 8
        }
    }
}

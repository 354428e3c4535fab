extension OperationRecord {
    /// How many steps there are.
    var stepCount: Int { (tasks.last?.step ?? -1) + 1 }

    /// Where the tasks of a step stand.
    func indices(of step: Int) -> [Int] { tasks.indices.filter { tasks[$0].step == step } }

    /// Where a task stands.
    func index(of uuid: String) -> Int? { tasks.firstIndex { $0.uuid.hasSameScalars(as: uuid) } }

    /// The result that goes to the tasks of a step.
    func forwarded(to step: Int) -> ExecutionResult? { step == 0 ? input : result(of: step - 1) }

    /// What a step gave: the result of its task, or the merged results of the tasks that ended.
    func result(of step: Int) -> ExecutionResult? {
        let ended = indices(of: step).map { tasks[$0] }.filter { $0.endedAt != nil || $0.status == .success }
        guard let group = groups[step] else { return ended.first?.result }
        return .merging(
            ended.map(\.result),
            uuid: group.uuid,
            after: forwarded(to: step),
            collectingInto: group.key
        )
    }

    /// The message that asks for a task. It begins with the result of what ran before, as it would in process.
    func message(for task: TaskRecord) -> Message {
        var result = task.result
        if status != .compensating, let previous = forwarded(to: task.step) { result += previous }
        var metadata = task.metadata
        metadata[OperationTicket.key] = OperationTicket(operation: uuid, task: task.uuid, round: round).json
        return Message(
            uuid: task.uuid,
            entrypoint: task.entrypoint,
            params: task.params,
            result: result,
            metadata: metadata
        )
    }

    /// The tasks whose messages a record has to send, or with an empty text a client: those that its transition made due
    /// and that no message has begun.
    func owed(by cause: String) -> [TaskRecord] {
        let waiting: TaskStatus = status == .compensating ? .success : .pending
        return tasks.filter { $0.cause == cause && $0.owner == nil && $0.status == waiting }
    }
}

/// What the message of a task says about its operation.
struct OperationTicket: Sendable, Hashable {
    /// The key in the message's metadata.
    static let key = "kser.operation"

    var operation: String
    var task: String
    var round: Int

    init(operation: String, task: String, round: Int) {
        self.operation = operation
        self.task = task
        self.round = round
    }

    /// The ticket of a message; nil when it is no task of a launched operation.
    init?(_ message: Message) {
        if message.metadata.isEmpty { return nil }
        guard let ticket = message.metadata[Self.key], let operation = ticket["uuid"]?.string,
            let round = ticket["round"]?.int
        else { return nil }
        self.init(operation: operation, task: message.uuid, round: round)
    }

    var json: JSON { ["uuid": .string(operation), "round": .integer(Int64(round))] }
}

extension ExecutionResult {
    /// The results of concurrent steps as one, merged in order into what ran before.
    static func merging(
        _ results: [ExecutionResult],
        uuid: String,
        after previous: ExecutionResult?,
        collectingInto key: String?
    ) -> ExecutionResult {
        var sum = ExecutionResult(uuid: uuid)
        if let previous { sum += previous }
        for result in results { sum += result }
        if let key { sum.retval[key] = .array(results.map { .object($0.json) }) }
        return sum
    }
}

// What goes from task to task. A task's own result is stored once; what accumulates is made when it is sent.
extension OperationDraft {
    /// How many tasks may be stored as differences one after the other.
    private static let longestChain = 16

    /// What goes to the tasks of the step that begins in this place; nil for nothing.
    func forwarded(to place: Int) throws(StoreError) -> ExecutionResult? {
        var differences: [ExecutionResult] = []
        var next = place
        while next > 0 {
            let from = max(0, next - Self.longestChain)
            for outcome in try outcomes(in: from..<next).reversed() {
                next = outcome.place
                if outcome.isMember {
                    return sum(try result(ofGroup: outcome.step), differences)
                }
                if !outcome.isDifference { return sum(outcome.result, differences) }
                differences.append(outcome.result)
            }
        }
        let input = try details().input
        return differences.isEmpty ? input : sum(input, differences)
    }

    /// Adds differences, the latest of them first in their list.
    private func sum(_ base: ExecutionResult?, _ differences: [ExecutionResult]) -> ExecutionResult? {
        differences.reversed().reduce(base) { sum, difference in difference.added(to: sum) }
    }

    /// All that a task gave.
    func result(of task: TaskRecord) throws(StoreError) -> ExecutionResult {
        if !task.isDifference { return task.result }
        var first = task.place
        if task.width != nil { first = try group(task.step)?.places.lowerBound ?? first }
        return task.result.added(to: try forwarded(to: first))
    }

    /// What the tasks of a group gave together, those that ended.
    func result(ofGroup step: Int) throws(StoreError) -> ExecutionResult? {
        guard let group = try group(step) else { return nil }
        if let result = group.result { return result }
        let previous = try forwarded(to: group.places.lowerBound)
        let ended = try outcomes(in: group.places).filter(\.isEnded)
        return .merging(
            ended.map { $0.isDifference ? $0.result.added(to: previous) : $0.result },
            uuid: group.uuid,
            after: previous,
            collectingInto: group.key
        )
    }

    /// Keeps what a task gave, as the difference to what went to it where that saves something.
    func stored(
        _ result: ExecutionResult,
        of task: TaskRecord
    ) throws(StoreError) -> (result: ExecutionResult, isDifference: Bool) {
        // In between is one that is complete, so that no sum is long.
        if result.retval.isEmpty || task.place % Self.longestChain == Self.longestChain - 1 { return (result, false) }
        let first = task.width == nil ? task.place : head.place
        guard let previous = try forwarded(to: first), let difference = result.difference(from: previous) else {
            return (result, false)
        }
        return (difference, true)
    }
}

// What is to be sent.
extension OperationDraft {
    /// The tasks whose messages a record has to send, or with an empty text a client: those that its transition made due
    /// and that no message has begun.
    mutating func due(by cause: String) throws(StoreError) -> [DueTask] {
        if head.inFlight == 0 { return [] }
        return try dueTasks(try tasks(in: head.step).filter { isUnbegun($0) && $0.cause == cause })
    }

    func isUnbegun(_ task: TaskRecord) -> Bool { task.cause != nil && task.owner == nil && head.isWaiting(task) }

    /// Tasks of the step in work with what goes to them.
    func dueTasks(_ tasks: [TaskRecord]) throws(StoreError) -> [DueTask] {
        if tasks.isEmpty { return [] }
        var due: [DueTask] = []
        if head.status == .compensating {
            for task in tasks { due.append(DueTask(task, try result(of: task), of: head)) }
            return due
        }
        let previous = try forwarded(to: head.place)
        for task in tasks {
            var result = task.result
            if let previous { result += previous }
            due.append(DueTask(task, result, of: head))
        }
        return due
    }
}

/// A task that is to be sent.
struct DueTask: Sendable {
    let task: TaskRecord
    /// What it begins with: the result of what ran before, as it would in process.
    let result: ExecutionResult
    let round: Int
    /// The trace that the operation was launched in.
    let trace: OperationTrace?
    /// What tasks before have set in their metadata.
    private let carried: JSONObject

    init(_ task: TaskRecord, _ result: ExecutionResult, of head: OperationHead) {
        (self.task, self.result, round) = (task, result, head.round)
        (trace, carried) = (OperationTrace(head.trace), head.carried)
    }

    /// The metadata of its message, but for what that says about its operation.
    var metadata: JSONObject {
        var metadata = task.metadata
        metadata.fill(from: carried)
        if let trace { metadata.merge(trace.metadata) }
        return metadata
    }
}

/// What the message of a task says about its operation.
struct OperationTicket: Sendable, Hashable {
    /// The key in the message's metadata.
    static let key = ReservedMetadata.operation

    var operation: String
    var task: String
    var round: Int
    /// The identity of the store that has the operation; nil in messages of earlier releases.
    var store: String?

    /// The ticket of a message; nil when it is no task of a launched operation.
    init?(_ message: Message) {
        if message.metadata.isEmpty { return nil }
        guard let ticket = message.metadata[Self.key], let operation = ticket["uuid"]?.string,
            let round = ticket["round"]?.int
        else { return nil }
        (self.operation, task, self.round) = (operation, message.uuid, round)
        store = ticket["store"]?.string
    }

    /// The message that asks for a task.
    static func message(for due: DueTask, in store: String) -> Message {
        var metadata = due.metadata
        metadata[key] = [
            "uuid": .string(due.task.operation), "round": .integer(Int64(due.round)), "store": .string(store),
        ]
        return Message(
            uuid: due.task.uuid,
            entrypoint: due.task.entrypoint,
            params: due.task.params,
            result: due.result,
            metadata: metadata
        )
    }
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

    /// This result, which is a difference, with the one that it is the difference to.
    func added(to previous: ExecutionResult?) -> ExecutionResult {
        var sum = ExecutionResult(uuid: uuid)
        if let previous { sum += previous }
        sum += self
        return sum
    }

    /// What has to be added to an earlier result to give this one; nil when nothing does, or hardly anything is saved.
    func difference(from previous: ExecutionResult) -> ExecutionResult? {
        var difference = self
        var saved = 0
        difference.retval = JSONObject()
        for (key, value) in retval {
            if previous.retval[key] == value { saved += value.isShort ? 1 : 16 } else { difference.retval[key] = value }
        }
        if stdout == previous.stdout { difference.stdout = "" }
        if stderr == previous.stderr { difference.stderr = "" }
        return saved >= 8 && difference.added(to: previous) == self ? difference : nil
    }
}

extension JSON {
    /// Whether it takes no more room than a note that it is there.
    fileprivate var isShort: Bool {
        switch self {
        case .object(let object): object.isEmpty
        case .array(let array): array.isEmpty
        case .string(let text): text.utf8.count < 32
        default: true
        }
    }
}

extension OperationRecord {
    /// The record with all that each task gave, where the store has only what it added to what ran before.
    func spelledOut() -> OperationRecord {
        var whole = self
        var previous = input
        var place = 0
        while place < tasks.count {
            let end = min(tasks.count, place.addingSaturating(max(1, tasks[place].width ?? 1)))
            for index in place..<end where tasks[index].isDifference {
                whole.tasks[index].result = tasks[index].result.added(to: previous)
                whole.tasks[index].isDifference = false
            }
            if tasks[place].width != nil, let group = groups[tasks[place].step] {
                let ended = whole.tasks[place..<end].filter(\.outcome.isEnded).map(\.result)
                previous = group.result ?? .merging(ended, uuid: group.uuid, after: previous, collectingInto: group.key)
            } else {
                previous = whole.tasks[place].result
            }
            place = end
        }
        return whole
    }
}

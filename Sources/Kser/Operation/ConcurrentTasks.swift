extension TaskCall {
    /// What the failure of one of several concurrent steps means for the others.
    public struct FailurePolicy: Sendable, Hashable {
        private let cancels: Bool

        /// The first failure cancels the steps that run, and keeps the others from beginning.
        public static let cancelRest = FailurePolicy(cancels: true)
        /// All steps run to their end.
        public static let finishAll = FailurePolicy(cancels: false)
    }

    /// Several steps that run at once and are one step of the sequence.
    ///
    ///     TaskCall(Prepare())
    ///     TaskCall.concurrent(collectingInto: "uploads") {
    ///         for region in regions { TaskCall(Upload(), ["region": .string(region)]) }
    ///     }
    ///     TaskCall(Publish())
    ///
    /// Each step gets the result of what ran before. The result of all is their results merged in the order they are
    /// written in, so of equal keys the last one counts: `collectingInto` keeps every result. A step that throws fails
    /// the operation with its error, one that gives a `retcode` other than 0 with the merged result; the operation goes
    /// on only when all steps have ended. ``members`` tells the result of each.
    ///
    /// - Parameters:
    ///   - limit: how many steps run at a time; nil sets no limit.
    ///   - policy: what the first failure means for the other steps.
    ///   - key: the key in `retval` under which the results of all steps are listed, in the order they are written in.
    ///   - uuid: the uuid of the whole; a random one when empty.
    ///   - tasks: the steps.
    /// - Returns: the step that runs them.
    public static func concurrent(
        limit: Int? = nil,
        onFailure policy: FailurePolicy = .cancelRest,
        collectingInto key: String? = nil,
        uuid: String = "",
        @TaskListBuilder _ tasks: () throws -> [TaskCall]
    ) rethrows -> TaskCall {
        let members = ConcurrentTasks(members: try tasks(), limit: max(1, limit ?? .max), policy: policy, key: key)
        return TaskCall(.concurrent(members), path: "concurrent", uuid: uuid)
    }
}

/// Steps that run at once.
struct ConcurrentTasks: Sendable {
    private struct Ending: Sendable {
        var index: Int
        var task: TaskCall
        var outcome: Result<ExecutionResult, any Error>

        var hasThrown: Bool { (try? outcome.get()) == nil }
        var isFailure: Bool { (try? outcome.get().retcode) != 0 }
    }

    var members: [TaskCall]
    let limit: Int
    let policy: TaskCall.FailurePolicy
    let key: String?

    mutating func claim(_ taken: inout Set<ScalarKey>) -> String? {
        for index in members.indices {
            if let uuid = members[index].claim(&taken) { return uuid }
        }
        return nil
    }

    /// Runs the steps that are not done, and merges the results of all.
    ///
    /// - Throws: the error of the step that failed first, when it threw; when all run to their end, of the first one
    ///   written that threw.
    mutating func run(
        as uuid: String,
        after previous: ExecutionResult?,
        carrying metadata: JSONObject,
        in operation: Execution
    ) async throws -> ExecutionResult {
        var results = members.map { $0.status == .success ? $0.result : nil }
        let pending = members.indices.filter { results[$0] == nil }
        let endings = await run(pending, after: previous, carrying: metadata, in: operation)
        for ending in endings {
            members[ending.index] = ending.task
            results[ending.index] = try? ending.outcome.get()
        }
        if let failure = decisiveFailure(endings) {
            _ = try failure.outcome.get()
        } else if endings.count < pending.count {
            throw CancellationError()
        }
        return .merging(results.compactMap { $0 }, uuid: uuid, after: previous, collectingInto: key)
    }

    /// Runs these steps at once, and tells how each ended, in the order of their ends.
    private func run(
        _ pending: [Int],
        after previous: ExecutionResult?,
        carrying metadata: JSONObject,
        in operation: Execution
    ) async -> [Ending] {
        await withTaskGroup(of: Ending.self) { group in
            var endings: [Ending] = []
            var waiting = pending[...]
            var free = limit
            while true {
                while free > 0, let index = waiting.popFirst() {
                    let task = members[index]
                    let isAdded = group.addTaskUnlessCancelled {
                        await Self.end(of: task, at: index, after: previous, carrying: metadata, in: operation)
                    }
                    if isAdded { free -= 1 }
                }
                guard let ending = await group.next() else { return endings }
                free += 1
                endings.append(ending)
                if ending.isFailure && policy == .cancelRest { group.cancelAll() }
            }
        }
    }

    private static func end(
        of task: TaskCall,
        at index: Int,
        after previous: ExecutionResult?,
        carrying metadata: JSONObject,
        in operation: Execution
    ) async -> Ending {
        var task = task
        do {
            let result = try await task.run(after: previous, carrying: metadata, in: operation)
            return Ending(index: index, task: task, outcome: .success(result))
        } catch {
            task.result += .from(error, uuid: task.uuid)
            return Ending(index: index, task: task, outcome: .failure(error))
        }
    }

    private func decisiveFailure(_ endings: [Ending]) -> Ending? {
        if policy == .cancelRest { return endings.first(where: \.isFailure) }
        return endings.filter(\.hasThrown).min { $0.index < $1.index }
    }
}

import Kser
import KserStore

/// Removes operations that have ended.
struct OperationPruning {
    private let age: Duration
    private let statuses: Set<TaskStatus>
    private let vacuums: Bool
    private let asJSON: Bool

    init(_ arguments: Arguments) throws {
        guard let age = try arguments.duration("older-than") else {
            throw UsageError("--older-than is missing: how long ago an operation has to have ended, such as 30d")
        }
        self.age = age
        statuses = try arguments.operationStatuses(in: TaskStatus.ofEndedOperations)
        vacuums = arguments.has("vacuum")
        asJSON = arguments.has("json")
    }

    func prune(_ store: OpenStore) async throws {
        let time = Arguments.now.subtractingSaturating(age.milliseconds)
        let count = try await store.store.prune(endedBefore: time, statuses: statuses)
        if vacuums { try await store.sqlite?.vacuum() }
        asJSON
            ? Console.print(["pruned": .integer(Int64(count))]) : Console.print("\(count) operation(s) removed")
    }
}

import Foundation
import Kser

/// Which operations are listed, and how.
struct OperationList {
    private var query = StoreQuery()
    private let asJSON: Bool

    init(_ arguments: Arguments) throws {
        asJSON = arguments.has("json")
        query.statuses = try arguments.operationStatuses(in: TaskStatus.ofOperations)
        query.entrypoints = Set(arguments.all("entrypoint"))
        query.limit = try arguments.integer("limit", in: 1...1_000_000) ?? query.limit
        query.offset = try arguments.integer("offset") ?? 0
        query.createdSince = try arguments.time("since")
        query.createdBefore = try arguments.time("before")
        query.isNewestFirst = !arguments.has("oldest-first")
        query.unchangedSince = try arguments.duration("unchanged-for").map { duration in
            Arguments.now.subtractingSaturating(duration.milliseconds)
        }
    }

    func print(_ store: OpenStore) async throws {
        var query = query
        query.limit += 1  // to see whether there is more
        let found = try await store.store.operations(matching: query)
        var table = Table("uuid", "entrypoint", "status", "completed", "total", "createdAt", "updatedAt", "error")
        for operation in found.prefix(self.query.limit) {
            table.add(
                .string(operation.uuid),
                .string(operation.entrypoint),
                .string(status(operation)),
                .integer(Int64(operation.completed)),
                .integer(Int64(operation.total)),
                time(operation.createdAt),
                time(operation.updatedAt),
                operation.error.map { .string($0) } ?? nil
            )
        }
        table.print(asJSON: asJSON)
        if found.count > self.query.limit {
            Console.error("there are more: --offset \(self.query.offset + self.query.limit)")
        }
    }

    private func status(_ operation: OperationSummary) -> String {
        if asJSON || operation.uncompensated == 0 { return operation.status.rawValue }
        return "\(operation.status.rawValue), \(operation.uncompensated) not compensated"
    }

    private func time(_ milliseconds: Int64) -> JSON {
        asJSON ? .integer(milliseconds) : .string(MessageView.time(milliseconds))
    }
}

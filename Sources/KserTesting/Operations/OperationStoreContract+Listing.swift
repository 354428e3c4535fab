import Kser

extension OperationStoreContract {
    /// Lists.
    var listing: [ContractCheck] {
        [
            check("operations are listed by state, age and entrypoint") { store in
                try await fill(store)
                try await expect(store, ["a", "b", "c", "d"]) { _ in }
                try await expect(store, ["b", "d"]) { $0.statuses = [.running, .failed] }
                try await expect(store, ["c"]) { $0.entrypoints = ["contract.Other", "contract.None"] }
                try await expect(store, ["a"]) { $0.createdBefore = 200 }
                try await expect(store, ["b", "c", "d"]) { $0.createdSince = 200 }
                try await expect(store, ["a", "c"]) { $0.unchangedSince = 500 }
                try await expect(store, ["b", "c"]) { query in
                    query.limit = 2
                    query.offset = 1
                }
                try await expect(store, ["d"]) { query in
                    query.statuses = [.failed, .success]
                    query.entrypoints = ["contract.Operation"]
                    query.createdSince = 100
                }
                try await expect(store, []) { $0.limit = 0 }
            },
            check("tasks are listed by state, age and entrypoint") { store in
                try await fill(store)
                var query = StoreQuery()
                query.entrypoints = ["contract.Task1"]
                let all = try await store.tasks(matching: query)
                try KserTesting.expect(all.map(\.uuid) == ["a-1", "b-1", "c-1", "d-1"], "\(all.map(\.uuid))")
                query.statuses = [.running]
                let running = try await store.tasks(matching: query)
                let stored = try await store.operation("b")?.tasks[1]
                try KserTesting.expect(running == [stored], "the task comes as it is in its operation: \(running)")
                query.unchangedSince = 1_000
                try KserTesting.expect(try await store.tasks(matching: query).isEmpty, "it changed since")
            },
            check("a list says when an operation began, changed and ended") { store in
                let operation = makeOperation("o", createdAt: 5)
                try await store.insert(operation)
                let ended = next(operation) {
                    $0.status = .success
                    $0.updatedAt = 8
                    $0.endedAt = 7
                }
                try KserTesting.expect(try await store.replace(operation, with: ended), "the change is taken")
                let list = try await store.operations(matching: StoreQuery())
                let expected = OperationSummary(
                    uuid: "o",
                    entrypoint: "contract.Operation",
                    status: .success,
                    createdAt: 5,
                    updatedAt: 8,
                    endedAt: 7
                )
                try KserTesting.expect(list == [expected], "\(list)")
            },
            check("operations with tasks that were not sent are found") { store in
                for (index, cause) in ["", "sent", nil, "dice[0]@1", ""].enumerated() {
                    var operation = makeOperation("o\(index)", createdAt: Int64(index))
                    operation.tasks[0].cause = cause
                    try await store.insert(operation)
                }
                var owned = makeOperation("owned")
                owned.tasks[0].cause = ""
                owned.tasks[0].owner = "dice[0]@1"
                try await store.insert(owned)
                let all = try await store.unsentOperations(unchangedSince: .max, limit: 10)
                try KserTesting.expect(all == ["o0", "o4"], "\(all)")
                let old = try await store.unsentOperations(unchangedSince: 4, limit: 10)
                try KserTesting.expect(old == ["o0"], "\(old)")
                let few = try await store.unsentOperations(unchangedSince: .max, limit: 1)
                try KserTesting.expect(few == ["o0"], "\(few)")
            },
        ]
    }

    private func fill(_ store: any OperationStore) async throws {
        try await store.insert(makeOperation("a", createdAt: 100))
        let running = makeOperation("b", createdAt: 200)
        try await store.insert(running)
        let begun = next(running) {
            $0.status = .running
            $0.updatedAt = 1_000
            $0.tasks[1].status = .running
            $0.tasks[1].updatedAt = 1_000
        }
        try KserTesting.expect(try await store.replace(running, with: begun), "the change is taken")
        try await store.insert(makeOperation("c", entrypoint: "contract.Other", createdAt: 300))
        let failing = makeOperation("d", createdAt: 400)
        try await store.insert(failing)
        let failed = next(failing) {
            $0.status = .failed
            $0.updatedAt = 1_000
        }
        try KserTesting.expect(try await store.replace(failing, with: failed), "the change is taken")
    }

    private func expect(
        _ store: any OperationStore,
        _ uuids: [String],
        line: UInt = #line,
        _ narrow: (inout StoreQuery) -> Void
    ) async throws {
        var query = StoreQuery()
        narrow(&query)
        let found = try await store.operations(matching: query).map(\.uuid)
        try KserTesting.expect(found == uuids, "\(query) finds \(found), not \(uuids)", line: line)
    }
}

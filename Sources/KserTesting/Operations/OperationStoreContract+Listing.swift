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
            check("operations are listed from the last one back, a page at a time") { store in
                try await fill(store)
                try await expect(store, ["d", "c", "b", "a"]) { $0.isNewestFirst = true }
                try await expect(store, ["c", "b"]) { query in
                    query.isNewestFirst = true
                    query.limit = 2
                    query.offset = 1
                }
                try await expect(store, ["c", "a"]) { query in
                    query.isNewestFirst = true
                    query.statuses = [.pending, .failed]
                    query.entrypoints = ["contract.Operation", "contract.Other", "contract.None"]
                    query.limit = 2
                    query.offset = 1
                }
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
                try await store.insert(makeOperation("o", createdAt: 5))
                let ended = try await change("o", in: store) { draft throws(StoreError) in
                    draft.head.status = .failed
                    draft.head.endedAt = 7
                    draft.head.error = "no room"
                    (draft.head.completed, draft.head.uncompensated) = (1, 1)
                }
                let list = try await store.operations(matching: StoreQuery())
                let expected = OperationSummary(
                    uuid: "o",
                    entrypoint: "contract.Operation",
                    status: .failed,
                    createdAt: 5,
                    updatedAt: ended.updatedAt,
                    endedAt: 7,
                    error: "no room",
                    completed: 1,
                    total: 2,
                    uncompensated: 1
                )
                try KserTesting.expect(list == [expected], "\(list)")
            },
        ]
    }

    private func fill(_ store: any OperationStore) async throws {
        try await store.insert(makeOperation("a", createdAt: 100))
        try await store.insert(makeOperation("b", createdAt: 200))
        _ = try await change("b", in: store) { draft throws(StoreError) in
            draft.head.status = .running
            try draft.update(1) { $0.status = .running }
        }
        try await store.insert(makeOperation("c", entrypoint: "contract.Other", createdAt: 300))
        try await store.insert(makeOperation("d", createdAt: 400))
        _ = try await change("d", in: store) { draft throws(StoreError) in draft.head.status = .failed }
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

import Kser

extension OperationStoreContract {
    /// What is put in comes out.
    var keeping: [ContractCheck] {
        [
            check("an operation comes back as it was put in") { store in
                let operation = makeOperation("o")
                try await store.insert(operation)
                try KserTesting.expect(try await store.operation("o") == operation, "the operation comes back")
                try KserTesting.expect(try await store.operation("other") == nil, "there is no other")
            },
            check("every field that may change comes back as it was changed") { store in
                let operation = makeOperation("o", tasks: 3)
                try await store.insert(operation)
                let changed = try await change("o", in: store) { draft throws(StoreError) in try draft.touchEverything()
                }
                let read = try await store.operation("o")
                try KserTesting.expect(read == changed, "all of it comes back: \(String(describing: read))")
                try KserTesting.expect(try await store.head("o") == changed.head, "the head too")
                try KserTesting.expect(try await store.running(in: "o") == ["contract.Task1"], "what is in work")
            },
            check("a store has one identity, and another store another") { store in
                let identity = try await store.identity()
                try KserTesting.expect(!identity.isEmpty, "it has one")
                try KserTesting.expect(try await store.identity() == identity, "it stays")
            },
            check("a change of 10,000 tasks is made as a whole") { store in
                try await store.insert(makeOperation("o", tasks: 10_000))
                _ = try await change("o", in: store) { draft throws(StoreError) in
                    for task in try draft.tasks(in: 0..<10_000) { try draft.update(task.place) { $0.cause = "all" } }
                }
                let count = try await store.operation("o")?.tasks.count { $0.cause == "all" }
                try KserTesting.expect(count == 10_000, "\(count ?? 0) are changed")
            },
            check("what is set at the launch comes back") { store in
                var operation = makeOperation("o", tasks: 3)
                operation.groups = [
                    0: .init(uuid: "g", limit: 2, finishesAll: true, key: "all", places: 0..<1),
                    1: .init(uuid: "h", places: 1..<2, result: ExecutionResult(uuid: "h", stdout: "both")),
                ]
                operation.tasks[0].width = 1
                operation.tasks[1].width = 1
                operation.compensates = true
                operation.trace = ["traceparent": "00-1-2-01"]
                operation.tasks[2].topic = "other"
                operation.timeLimit = 5
                operation.deadline = operation.createdAt + 5
                operation.input = ExecutionResult(uuid: "i", retcode: 3, retval: ["a": 1])
                operation.tasks[0].metadata = ["trace": ["id": .unsigned(.max)]]
                operation.tasks[1].status = .success
                operation.tasks[2].cause = ""
                try await store.insert(operation)
                try KserTesting.expect(try await store.operation("o") == operation, "the operation comes back")
            },
            check("a second operation of a uuid is refused") { store in
                let operation = makeOperation("o")
                try await store.insert(operation)
                var other = makeOperation("o", tasks: 1)
                other.tasks[0].uuid = "fresh"
                try await expect(.duplicate, naming: "o", "an operation twice") { try await store.insert(other) }
                try KserTesting.expect(try await store.operation("o") == operation, "the first one stays")
            },
            check("a second task of a uuid is refused, with its operation") { store in
                try await store.insert(makeOperation("o"))
                var other = makeOperation("p")
                other.tasks[1].uuid = "o-0"
                try await expect(.duplicate, naming: "o-0", "a task twice") { try await store.insert(other) }
                try KserTesting.expect(try await store.operation("p") == nil, "nothing of it stays")
                try KserTesting.expect(try await store.history(of: "p").isEmpty, "no history of it stays")
            },
            check("an ended operation is pruned with all that is its own") { store in
                for (index, status) in [TaskStatus.success, .failed, .running].enumerated() {
                    let operation = makeOperation("o\(index)")
                    try await store.insert(operation)
                    _ = try await change("o\(index)", in: store) { draft throws(StoreError) in
                        draft.head.status = status
                        if draft.head.isEnded { draft.head.endedAt = 100 + Int64(index) }
                    }
                }
                try KserTesting.expect(try await store.prune(endedBefore: 100) == 0, "none ended before")
                let failed = try await store.prune(endedBefore: 1_000, statuses: [.failed])
                try KserTesting.expect(failed == 1, "one that failed is pruned, not \(failed)")
                try KserTesting.expect(try await store.operation("o1") == nil, "it is gone")
                try KserTesting.expect(try await store.history(of: "o1").isEmpty, "its history is gone")
                try KserTesting.expect(try await store.prune(endedBefore: 1_000) == 1, "the other ended one is pruned")
                let left = try await store.tasks(matching: StoreQuery()).map(\.operation)
                try KserTesting.expect(Set(left) == ["o2"], "what runs stays: \(left)")
                try await store.insert(makeOperation("o1"))
            },
        ]
    }
}

extension OperationDraft {
    fileprivate mutating func touchEverything() throws(StoreError) {
        head.status = .compensating
        head.ending = .failed
        head.hook = .failed
        (head.position, head.place, head.width, head.nextPlace) = (1, 1, 1, 2)
        head.round = 3
        let error: JSONObject = ["error": ["code": 500]]
        head.result = ExecutionResult(uuid: "r", retcode: 500, stdout: "o", stderr: "é", retval: error)
        head.error = "no"
        (head.deadline, head.startedAt, head.endedAt, head.dueAt) = (7, 8, 9, 11)
        head.carried = ["tenant": "acme"]
        head.checks = 12
        try update(1) { task in
            task.status = .compensating
            task.result = ExecutionResult(uuid: "t", retcode: 0, stdout: "out", retval: ["n": 1.5])
            task.isDifference = true
            task.outbox = [["topic": "next"]]
            task.attempts = 4
            task.resends = 5
            task.cause = "dice[0]@1"
            task.owner = "dice[0]@2"
            (task.startedAt, task.endedAt, task.dueAt) = (10, 12, 13)
        }
        try update(2) { $0.cause = "" }
        (head.completed, head.failed, head.uncompensated) = (1, 2, 3)
        (head.open, head.inFlight, head.running) = (4, 5, 6)
    }
}

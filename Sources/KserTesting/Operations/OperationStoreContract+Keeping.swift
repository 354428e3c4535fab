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
                let changed = next(operation) { $0.touchEverything() }
                try KserTesting.expect(try await store.replace(operation, with: changed), "the change is taken")
                let read = try await store.operation("o")
                try KserTesting.expect(read == changed, "all of it comes back: \(String(describing: read))")
            },
            check("what is set at the launch comes back") { store in
                var operation = makeOperation("o", tasks: 3)
                operation.groups = [0: .init(uuid: "g", limit: 2, finishesAll: true, key: "all"), 1: .init(uuid: "h")]
                operation.compensates = true
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
                    let ended = next(operation) {
                        $0.status = status
                        if $0.isEnded { $0.endedAt = 100 + Int64(index) }
                    }
                    try KserTesting.expect(try await store.replace(operation, with: ended), "the change is taken")
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

extension OperationRecord {
    fileprivate mutating func touchEverything() {
        status = .compensating
        ending = .failed
        position = 2
        round = 3
        result = ExecutionResult(uuid: "r", retcode: 500, stdout: "o", stderr: "é", retval: ["error": ["code": 500]])
        deadline = 7
        startedAt = 8
        endedAt = 9
        tasks[1].status = .running
        tasks[1].result = ExecutionResult(uuid: "t", retcode: 0, stdout: "out", retval: ["n": 1.5])
        tasks[1].attempts = 4
        tasks[1].cause = "dice[0]@1"
        tasks[1].owner = "dice[0]@2"
        tasks[1].startedAt = 10
        tasks[1].updatedAt = 11
        tasks[1].endedAt = 12
        tasks[2].cause = ""
    }
}

import Kser

extension OperationStoreContract {
    /// A change is made to the version it was worked out from, or not at all.
    var comparing: [ContractCheck] {
        [
            check("a change of an earlier version is not taken") { store in
                let first = makeOperation("o")
                try await store.insert(first)
                let second = next(first) { $0.status = .running }
                try KserTesting.expect(try await store.replace(first, with: second), "the first change is taken")
                let late = next(first) {
                    $0.status = .failed
                    $0.tasks[0].status = .failed
                }
                try KserTesting.expect(try await store.replace(first, with: late) == false, "the late one is not")
                try KserTesting.expect(try await store.operation("o") == second, "and changes nothing")
                let events = try await store.history(of: "o")
                try KserTesting.expect(events.count == 2, "and has no event: \(events)")
            },
            check("a change of what is gone is not taken") { store in
                let operation = makeOperation("o")
                try KserTesting.expect(
                    try await store.replace(operation, with: next(operation)) == false,
                    "nothing to change"
                )
            },
            check("of 16 changes of one version at once one is taken") { store in
                let operation = makeOperation("o")
                try await store.insert(operation)
                let taken = try await withThrowingTaskGroup { group in
                    for index in 0..<16 {
                        group.addTask {
                            try await store.replace(operation, with: next(operation) { $0.tasks[0].attempts = index })
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                try KserTesting.expect(taken == 1, "\(taken) were taken")
                try KserTesting.expect(try await store.history(of: "o").count == 2, "one event was added")
            },
            check("8 writers at once lose no change") { store in
                try await store.insert(makeOperation("o"))
                try await withThrowingTaskGroup { group in
                    for _ in 0..<8 {
                        group.addTask { for _ in 0..<10 { try await countUp("o", in: store) } }
                    }
                    try await group.waitForAll()
                }
                let operation = try await store.operation("o")
                try KserTesting.expect(operation?.tasks[0].attempts == 80, "all 80 are counted")
                let versions = try await store.history(of: "o").map(\.version)
                try KserTesting.expect(versions == Array(1...81), "the history has no gap: \(versions)")
            },
            check("the history tells each change in order") { store in
                let first = makeOperation("o")
                try await store.insert(first)
                let second = next(first) {
                    $0.status = .running
                    $0.tasks[0].status = .running
                }
                let third = next(second) {
                    $0.round = 2
                    $0.tasks[0].attempts = 2
                }
                try KserTesting.expect(try await store.replace(first, with: second), "the change is taken")
                try KserTesting.expect(try await store.replace(second, with: third), "the change is taken")
                let expected = [
                    OperationChange.launch(of: first), OperationChange(from: first, to: second).event,
                    OperationChange(from: second, to: third).event,
                ]
                let events = try await store.history(of: "o")
                try KserTesting.expect(events == expected, "the events are \(events)")
            },
        ]
    }

    private func countUp(_ uuid: String, in store: any OperationStore) async throws {
        while let operation = try await store.operation(uuid) {
            if try await store.replace(operation, with: next(operation) { $0.tasks[0].attempts += 1 }) { return }
        }
    }
}

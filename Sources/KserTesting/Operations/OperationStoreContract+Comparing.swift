import Kser

extension OperationStoreContract {
    /// An operation is changed by one caller at a time, as a whole or not at all.
    var comparing: [ContractCheck] {
        [
            check("a change is told with its outcome, and of what is gone nothing") { store in
                try await store.insert(makeOperation("o"))
                let round = try await store.change("o", at: 9) { draft throws(StoreError) in
                    draft.head.round += 1
                    return draft.head.round
                }
                try KserTesting.expect(round == 2, "the body's outcome comes back: \(String(describing: round))")
                let missing = try await store.change("p", at: 9) { _ throws(StoreError) in true }
                try KserTesting.expect(missing == nil, "nobody changes what is not there")
            },
            check("a body that throws changes nothing") { store in
                let operation = makeOperation("o")
                try await store.insert(operation)
                try await expect(.invalidTransition, "the body's error") {
                    _ = try await store.change("o", at: 9) { draft throws(StoreError) in
                        draft.head.status = .failed
                        try draft.update(0) { $0.status = .failed }
                        throw StoreError(.invalidTransition, "no")
                    }
                }
                try KserTesting.expect(try await store.operation("o") == operation, "the operation is as it was")
                try KserTesting.expect(try await store.history(of: "o").count == 1, "and has no event")
            },
            check("what is read and not changed is not written") { store in
                try await store.insert(makeOperation("o", tasks: 3))
                let read = try await store.change("o", at: 9) { draft throws(StoreError) in
                    let task = try draft.task("o-1")
                    let other = try draft.task("p-1")
                    return (
                        task, other, try draft.tasks(in: 1..<3).map(\.uuid), try draft.outcomes(in: 0..<2).map(\.place),
                        try draft.details().params
                    )
                }
                let operation = makeOperation("o", tasks: 3)
                try KserTesting.expect(read?.0 == operation.tasks[1], "a task by its uuid")
                try KserTesting.expect(read?.1 == nil, "no task of another operation")
                try KserTesting.expect(read?.2 == ["o-1", "o-2"], "tasks by their places")
                try KserTesting.expect(read?.3 == [0, 1], "outcomes by their places")
                try KserTesting.expect(read?.4 == operation.params, "what it was asked for")
                try KserTesting.expect(try await store.history(of: "o").count == 1, "nothing has changed")
            },
            check("16 changes at once are made one after the other") { store in
                try await store.insert(makeOperation("o"))
                let rounds = try await withThrowingTaskGroup { group in
                    for _ in 0..<16 {
                        group.addTask {
                            try await store.change("o", at: 9) { draft throws(StoreError) in
                                draft.head.round += 1
                                return draft.head.round
                            }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1 ?? 0) }
                }
                try KserTesting.expect(rounds.sorted() == Array(2...17), "each saw the one before: \(rounds)")
            },
            check("8 writers at once lose no change") { store in
                try await store.insert(makeOperation("o", tasks: 8))
                try await withThrowingTaskGroup { group in
                    for place in 0..<8 {
                        group.addTask {
                            for _ in 0..<10 {
                                _ = try await store.change("o", at: 9) { draft throws(StoreError) in
                                    try draft.update(place) { $0.attempts += 1 }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let operation = try await store.operation("o")
                let counts = operation?.tasks.map(\.attempts)
                try KserTesting.expect(counts == Array(repeating: 10, count: 8), "all are counted")
                let versions = try await store.history(of: "o").map(\.version)
                try KserTesting.expect(versions == Array(1...81), "the history has no gap: \(versions)")
            },
            check("the history tells each change in order") { store in
                let operation = makeOperation("o")
                try await store.insert(operation)
                let events = [OperationEvent.launch(of: operation.head)]
                _ = try await store.change("o", at: 7) { draft throws(StoreError) in
                    draft.head.status = .running
                    try draft.update(0) { $0.status = .running }
                }
                _ = try await store.change("o", at: 8) { draft throws(StoreError) in draft.head.dueAt = 70 }
                _ = try await store.change("o", at: 9) { draft throws(StoreError) in draft.head.round = 2 }
                let all = try await store.history(of: "o")
                try KserTesting.expect(all.first == events.first, "the launch: \(all)")
                try KserTesting.expect(all.map(\.version) == [1, 2, 3], "times that move are no event: \(all)")
                try KserTesting.expect(all.map(\.status) == [.pending, .running, .running], "\(all)")
                try KserTesting.expect(all.map(\.task) == [nil, "o-0", nil], "\(all)")
                try KserTesting.expect(all.map(\.round) == [1, 1, 2], "\(all)")
                try KserTesting.expect(try await store.head("o")?.version == 3, "the head counts with them")
            },
        ]
    }

    /// What is due is taken by one caller at a time.
    var claiming: [ContractCheck] {
        [
            check("an operation that is due goes to one of many callers") { store in
                for number in 0..<20 {
                    var operation = makeOperation("o\(number)")
                    operation.dueAt = number < 15 ? 10 : number < 18 ? Int64.max / 2 : nil
                    try await store.insert(operation)
                }
                let taken = try await withThrowingTaskGroup { group in
                    for _ in 0..<8 {
                        group.addTask {
                            var taken: [String] = []
                            while true {
                                let some = try await store.claimDue(at: 11, pause: 1_000_000, limit: 2)
                                taken += some
                                if some.isEmpty { return taken }
                            }
                        }
                    }
                    return try await group.reduce(into: [String]()) { $0 += $1 }
                }
                let expected = Set((0..<15).map { "o\($0)" })
                try KserTesting.expect(taken.count == 15, "each is taken once: \(taken)")
                try KserTesting.expect(Set(taken) == expected, "and none that is not due: \(taken)")
                let head = try await store.head("o0")
                try KserTesting.expect(head?.checks == 1, "that is counted")
                try KserTesting.expect((head?.dueAt ?? 0) >= 1_000_010, "and due again later")
                try KserTesting.expect(try await store.history(of: "o0").count == 1, "it is no change")
            },
            check("the longest due is taken first") { store in
                for (uuid, time) in [("b", 5), ("a", 9), ("c", 1)] as [(String, Int64)] {
                    var operation = makeOperation(uuid)
                    operation.dueAt = time
                    try await store.insert(operation)
                }
                let first = try await store.claimDue(at: 9, pause: 1_000, limit: 1)
                try KserTesting.expect(first == ["c"], "\(first)")
                let rest = try await store.claimDue(at: 9, pause: 1_000, limit: 9)
                try KserTesting.expect(Set(rest) == ["a", "b"], "\(rest)")
            },
        ]
    }
}

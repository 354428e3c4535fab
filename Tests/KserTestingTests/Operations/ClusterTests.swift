import Kser
import KserTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClusterTests {
    private let stage = Stage()

    @Test func tasksRunInOrderOverThreeWorkersWithTheResultOfTheOneBefore() async throws {
        let stage = Stage(partitions: 3)
        let steps = try await ["A", "B", "C", "D"].asyncMap { try await stage.step($0) }
        let operation = ClusterSteps { for step in steps { TaskCall(step) } }
        let result = try await stage.withWorkers(3) {
            try await operation.build().launch(on: stage.cluster).result()
        }
        #expect(stage.journal.all == ["A", "B", "C", "D"])
        #expect(result.stdout == "D")
        #expect(result.retval == ["A": true, "B": true, "C": true, "D": true])
    }

    @Test func theResultIsThatOfTheOperationInProcess() async throws {
        let steps = try await ["A", "B", "C"].asyncMap { try await stage.step($0) }
        let operation = ClusterSteps {
            TaskCall(steps[0], uuid: "1")
            TaskCall.concurrent(collectingInto: "all", uuid: "2") {
                for step in steps { TaskCall(step, uuid: step.path) }
            }
            TaskCall(steps[2], uuid: "3", result: ExecutionResult(uuid: "3", stdout: "own", retval: ["own": 1]))
        }
        let before = ExecutionResult(uuid: "0", stdout: "before", retval: ["before": [1.0, nil]])
        let here = await operation.build(logger: .none).execute(before)
        let across = try await stage.withWorkers {
            try await operation.build().launch(on: stage.cluster, after: before).result()
        }
        #expect(across == here)
        #expect(across.uuid == "3")
        #expect(across.retval["all"]?.array?.count == 3)
    }

    @Test func theFirstFailureEndsTheOperation() async throws {
        let a = try await stage.step("A")
        let b = try await stage.step("B") { $0.result(retcode: 7, stdout: "no", stderr: "broken") }
        let operation = ClusterSteps {
            TaskCall(a)
            TaskCall(b)
            TaskCall(a)
        }
        let record = try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            let result = try await launched.result()
            #expect(result.retcode == 7)
            #expect(result.stderr == "broken")
            return try await launched.record()
        }
        #expect(stage.journal.all == ["A", "B"])
        #expect(record.status == .failed)
        #expect(record.tasks.map(\.status) == [.success, .failed, .pending])
    }

    @Test func tasksThatAreDoneArePassedOver() async throws {
        let a = try await stage.step("A")
        let b = try await stage.step("B")
        let operation = ClusterSteps {
            TaskCall(a, status: .success, result: ExecutionResult(stdout: "stored", retval: ["stored": 1]))
            TaskCall(b)
        }
        let result = try await stage.withWorkers { try await operation.build().launch(on: stage.cluster).result() }
        #expect(stage.journal.all == ["B"])
        #expect(result.retval == ["stored": 1, "B": true])

        let done = ClusterSteps { TaskCall(a, status: .success, result: ExecutionResult(stdout: "stored")) }
        #expect(try await done.build().launch(on: stage.cluster).result().stdout == "stored")
    }

    @Test func concurrentStepsGoToManyWorkersAsTheirLimitAllows() async throws {
        let stage = Stage(partitions: 3)
        let begun = Requirement("three at once", count: 3)
        let gate = Gate()
        let step = try await stage.step("Wide") { execution in
            begun.fulfill()
            await gate.pass()
            return execution.result(retval: [execution.uuid: true])
        }
        let last = try await stage.step("Last")
        let operation = ClusterSteps {
            TaskCall.concurrent(limit: 3) { for index in 0..<5 { TaskCall(step, uuid: "\(index)") } }
            TaskCall(last)
        }
        let result = try await stage.withWorkers(3) {
            let launched = try await operation.build().launch(on: stage.cluster)
            try await begun.wait(atMost: .seconds(30))
            let record = try await launched.record()
            #expect(record.tasks.count { $0.status == .running } == 3)
            #expect(record.tasks.count { $0.cause != nil } == 3)
            gate.open()
            return try await launched.result()
        }
        #expect(result.retval == ["0": true, "1": true, "2": true, "3": true, "4": true, "Last": true])
        #expect(stage.journal.all.count == 6)
    }

    @Test(arguments: [(TaskCall.FailurePolicy.cancelRest, 2), (.finishAll, 4)])
    func aFailureAmongConcurrentStepsFailsTheOperation(_ policy: TaskCall.FailurePolicy, _ count: Int) async throws {
        let good = try await stage.step("Good")
        let bad = try await stage.step("Bad") { $0.result(retcode: 1, stderr: "bad") }
        let operation = ClusterSteps {
            TaskCall.concurrent(limit: 1, onFailure: policy) {
                TaskCall(good)
                TaskCall(bad)
                TaskCall(good)
                TaskCall(good)
            }
            TaskCall(good)
        }
        let result = try await stage.withWorkers { try await operation.build().launch(on: stage.cluster).result() }
        #expect(result.retcode == 1)
        #expect(result.stderr == "bad")
        #expect(stage.journal.all.count == count)
    }

    @Test func theHooksOfARegisteredOperationAreCalled() async throws {
        let a = try await stage.step("A")
        var operation = ClusterSteps { TaskCall(a) }
        operation.conclusion = { ExecutionResult(uuid: $0.uuid, stdout: "\($0.stdout), well done") }
        try await stage.controller.register(operation)
        let result = try await stage.withWorkers { try await operation.build().launch(on: stage.cluster).result() }
        #expect(result.stdout == "A, well done")
        #expect(operation.journal.all == ["PENDING -> RUNNING", "RUNNING -> SUCCESS", "success"])
    }

    @Test func aHookThatThrowsFailsTheOperation() async throws {
        let a = try await stage.step("A")
        var operation = ClusterSteps { TaskCall(a) }
        operation.conclusion = { _ in throw KserError.validation("not so") }
        try await stage.controller.register(operation)
        let launched = try await stage.withWorkers {
            let launched = try await operation.build().launch(on: stage.cluster)
            #expect(try await launched.result().stderr == "not so")
            return launched
        }
        #expect(try await launched.record().status == .failed)
        #expect(operation.journal.all.suffix(2) == ["SUCCESS -> FAILED", "error 400"])
    }

    @Test func progressTellsEachTaskInTheStore() async throws {
        let begun = Requirement("A")
        let gate = Gate()
        let a = try await stage.step("A") { execution in
            begun.fulfill()
            await gate.pass()
            return execution.result()
        }
        let operation = ClusterSteps {
            TaskCall(a)
            TaskCall(a)
        }
        let launched = try await operation.build().launch(on: stage.cluster)
        var all: [OperationProgress] = []
        try await stage.withWorkers {
            try await begun.wait(atMost: .seconds(30))
            for try await progress in launched.progress {
                all.append(progress)
                gate.open()
            }
        }
        #expect(all.first?.running == ["test.A"])
        #expect(all.first?.completed == 0)
        #expect(all.first?.status == .running)
        #expect(all.last?.status == .success)
        #expect(all.last?.completed == 2)
        #expect(all.allSatisfy { $0.total == 2 })
        #expect(all.map(\.completed) == all.map(\.completed).sorted())
    }
}

extension Array {
    func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}

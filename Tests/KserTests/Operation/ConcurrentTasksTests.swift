import Synchronization
import Testing

@testable import Kser

@Suite struct ConcurrentTasksTests {
    @Test func collectsAllResultsInOrder() async {
        let run = await Steps { _ in
            TaskCall(Step("before"))
            TaskCall.concurrent(collectingInto: "rolls", uuid: "g") {
                for face in 1...5 {
                    TaskCall(
                        Step("roll\(face)") { $0.result(stdout: "\(face)", retval: ["face": .integer(Int64(face))]) }
                    )
                }
            }
            TaskCall(Step("after"))
        }.build(logger: .none)
        let result = await run.execute()
        guard case .array(let rolls)? = result.retval["rolls"] else {
            Issue.record("no rolls in \(result.retval)")
            return
        }
        let results = try? rolls.compactMap(\.object).map(ExecutionResult.init(json:))
        #expect(results?.map(\.stdout) == ["1", "2", "3", "4", "5"])
        #expect(result.retval["face"] == 5)
        #expect(result.retval["before"] == true)
        #expect(result.retval["after"] == true)
        #expect(run.tasks[1].result.uuid == "g")
        #expect(run.tasks[1].members.map(\.result.stdout) == ["1", "2", "3", "4", "5"])
    }

    @Test func runsAtOnceUpToTheLimit() async {
        let busy = Mutex((now: 0, most: 0))
        let task = Step("busy") { execution in
            busy.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            for _ in 0..<10 { await Task.yield() }
            busy.withLock { $0.now -= 1 }
            return execution.result()
        }
        let group = { limit in
            Steps { _ in
                TaskCall.concurrent(limit: limit) { Array(repeating: TaskCall(task), count: 20) }
            }
        }
        #expect(await group(3).build(logger: .none).execute().retcode == 0)
        #expect(busy.withLock { $0.most } <= 3)
    }

    @Test func meetsWithoutALimit() async {
        let (stream, arrivals) = AsyncStream<Void>.makeStream()
        let run = await Steps { _ in
            TaskCall.concurrent {
                TaskCall(
                    Step("waits") { execution in
                        for await _ in stream { return execution.result(stdout: "met") }
                        return execution.result(retcode: 1)
                    }
                )
                TaskCall(
                    Step("comes") { execution in
                        arrivals.yield()
                        return execution.result()
                    }
                )
            }
        }.build(logger: .none)
        #expect(await run.execute().stdout == "met")
    }

    @Test func cancelsTheRestWhenOneThrows() async {
        let notes = Notes()
        let run = await Steps { _ in
            TaskCall.concurrent(limit: 2) {
                TaskCall(Step.endless("endless"))
                TaskCall(Step("throws") { _ in throw Failure() })
                TaskCall(
                    Step("late") {
                        notes.note("late")
                        return $0.result()
                    }
                )
            }
            TaskCall(Step("after") { _ in throw CancellationError() })
        }.build(uuid: "op", logger: .none)
        let result = await run.execute()
        #expect(result.stderr == "boom")
        #expect(result.uuid == "op")
        #expect(run.status == .failed)
        #expect(notes.all.isEmpty)
        #expect(run.tasks[0].members.map(\.result.retcode) == [500, 500, 0])
    }

    @Test func cancelsTheRestWhenOneReturnsAFailure() async {
        let run = await Steps { _ in
            TaskCall.concurrent(uuid: "g") {
                TaskCall(Step.endless("endless"))
                TaskCall(Step("bad", retcode: 3))
            }
        }.build(logger: .none)
        let result = await run.execute()
        #expect(result.retcode == 3)
        #expect(result.stderr == "not bad")
        #expect(result.uuid == "g")
        #expect(run.status == .failed)
    }

    @Test func finishesAllWhenAsked() async {
        let run = await Steps { _ in
            TaskCall.concurrent(limit: 1, onFailure: .finishAll) {
                TaskCall(Step("bad", retcode: 3))
                TaskCall(Step("good"))
                TaskCall(Step("worse", retcode: 4))
            }
        }.build(logger: .none)
        let result = await run.execute()
        #expect(result.retcode == 4)
        #expect(result.retval == ["bad": true, "good": true, "worse": true])
        let throwing = await Steps { _ in
            TaskCall.concurrent(onFailure: .finishAll) {
                TaskCall(Step("bad", retcode: 3))
                TaskCall(Step("throws") { _ in throw Failure() })
                TaskCall(Step("good"))
            }
        }.build(logger: .none)
        #expect(await throwing.execute().stderr == "boom")
        #expect(throwing.tasks[0].members.map(\.result.retcode) == [3, 500, 0])
    }

    @Test func skipsMembersThatAreDone() async {
        let run = await Steps { _ in
            TaskCall.concurrent {
                TaskCall(
                    Step("never") { _ in throw Failure() },
                    status: .success,
                    result: ExecutionResult(retval: ["stored": 1])
                )
                TaskCall(Step("b"))
            }
        }.build(logger: .none)
        #expect(await run.execute().retval == ["stored": 1, "b": true])
        #expect(await run.execute().retval == ["stored": 1, "b": true])
    }

    @Test func passesTheResultOnWithoutMembers() async {
        let run = await Steps { _ in
            TaskCall(Step("a"))
            TaskCall.concurrent {}
        }.build(logger: .none)
        #expect(await run.execute().retval == ["a": true])
    }

    @Test func holdsOperationsAndGroups() async {
        let inner = Steps { _ in
            TaskCall(Step("x"))
            TaskCall(Step("y"))
        }
        let run = await Steps { _ in
            TaskCall.concurrent {
                TaskCall(inner)
                TaskCall.concurrent { TaskCall(Step("z")) }
            }
        }.build(logger: .none)
        #expect(await run.execute().retval == ["x": true, "y": true, "z": true])
    }
}

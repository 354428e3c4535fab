import Testing

@testable import Kser

@Suite(.timeLimit(.minutes(1))) struct OperationCancellationTests {
    @Test func stopsBeforeTheNextTask() async {
        let notes = Notes()
        let (began, begin) = AsyncStream<Void>.makeStream()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let run = await Steps { _ in
            TaskCall(
                Step("deaf") { execution in
                    begin.yield()
                    await Task { for await _ in gate { return } }.value
                    return execution.result(stdout: "done all the same")
                }
            )
            TaskCall(
                Step("next") {
                    notes.note("next")
                    return $0.result()
                }
            )
        }.build(logger: .none)
        let running = Task { await run.execute() }
        for await _ in began { break }
        running.cancel()
        open.yield()
        #expect(await running.value.retcode == 500)
        #expect(notes.all.isEmpty)
        #expect(run.status == .failed)
        #expect(run.tasks[0].result.stdout == "done all the same")
    }

    @Test(arguments: [TaskCall.FailurePolicy.cancelRest, .finishAll])
    func reachesAllThatRunAtOnce(policy: TaskCall.FailurePolicy) async {
        let (began, begin) = AsyncStream<Void>.makeStream()
        let run = await Steps { _ in
            TaskCall.concurrent(limit: 2, onFailure: policy) {
                for number in 1...4 { TaskCall(Step.endless("endless\(number)") { begin.yield() }) }
            }
        }.build(logger: .none)
        let running = Task { try await run.throwingExecute() }
        var beginnings = began.makeAsyncIterator()
        for _ in 1...2 { await beginnings.next() }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(run.tasks[0].members.map(\.result.retcode) == [500, 500, 0, 0])
    }

    @Test func neverTakesCancelledMembersForDone() async {
        let notes = Notes()
        let (began, begin) = AsyncStream<Void>.makeStream()
        let (gate, open) = AsyncStream<Void>.makeStream()
        let run = await Steps { _ in
            TaskCall.concurrent(limit: 1) {
                TaskCall(
                    Step("deaf") { execution in
                        begin.yield()
                        await Task { for await _ in gate { return } }.value
                        return execution.result()
                    }
                )
                TaskCall(Step("unbegun"))
            }
            TaskCall(
                Step("next") {
                    notes.note("next")
                    return $0.result()
                }
            )
        }.build(logger: .none)
        let running = Task { try await run.throwingExecute() }
        for await _ in began { break }
        running.cancel()
        open.yield()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(notes.all.isEmpty)
    }

    @Test func endsAtItsTimeLimit() async {
        let run = await Steps(timeLimit: .milliseconds(20)) { _ in
            TaskCall(Step("a"))
            TaskCall(Step.endless("endless"))
        }.build(uuid: "op", logger: .none)
        let result = await run.execute()
        #expect(result.retcode == 504)
        #expect(run.status == .failed)
    }
}

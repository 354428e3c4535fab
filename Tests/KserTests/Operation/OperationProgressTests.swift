import Testing

@testable import Kser

@Suite(.timeLimit(.minutes(1))) struct OperationProgressTests {
    private let notes = Notes()

    @Test func tellsEachTaskUpToTheEnd() async {
        let run = await Steps { _ in
            TaskCall(Step("a"))
            TaskCall.concurrent {
                TaskCall(Step("b"))
                TaskCall(Step("c"))
            }
        }.build(logger: .none)
        let progress = run.progress
        _ = await run.execute()
        var all: [OperationProgress] = []
        for await step in progress { all.append(step) }
        #expect(all.allSatisfy { $0.uuid == run.uuid && $0.total == 3 })
        #expect(
            all.map { "\($0.status.rawValue) \($0.completed) \($0.running)" } == [
                "PENDING 0 []", "RUNNING 0 []", "RUNNING 0 [\"test.a\"]", "RUNNING 1 []",
                "RUNNING 1 [\"concurrent\"]", "RUNNING 3 []", "SUCCESS 3 []",
            ]
        )
        #expect(all.map(\.elapsed) == all.map(\.elapsed).sorted())
        #expect(all.last.map { $0.elapsed > .zero } == true)

        var late: [OperationProgress] = []
        for await step in run.progress { late.append(step) }
        #expect(late == [all.last].compactMap { $0 })
    }

    @Test func endsWithAFailure() async {
        let run = await Steps { _ in
            TaskCall(Step("a", retcode: 1))
            TaskCall(Step("b"))
        }.build(logger: .none)
        let progress = run.progress
        _ = await run.execute()
        var last: OperationProgress?
        for await step in progress { last = step }
        #expect(last?.status == .failed)
        #expect(last?.completed == 0)
        #expect(last.map { "\($0)".hasPrefix("FAILED, 0 of 2 tasks done, ") } == true)
    }

    @Test func aCancelledOperationIsCompensated() async throws {
        let notes = notes
        let began = Watcher()
        let undone = Undoable("done", notes)
        var operation = Steps { _ in
            TaskCall(undone)
            TaskCall.concurrent {
                TaskCall(undone)
                TaskCall(undone)
            }
            TaskCall(Step.endless("endless") { began.fulfill() })
        }
        operation.compensatesOnFailure = true
        let run = await operation.build(logger: .none)
        let running = Task { await run.execute() }
        await began.wait()
        running.cancel()
        #expect(await running.value.retcode != 0)
        #expect(notes.all == Array(repeating: "undo done, cancelled: false", count: 3))
        #expect(run.tasks.map(\.status) == [.compensated, .pending, .pending])
        #expect(run.tasks[1].members.map(\.status) == [.compensated, .compensated])
    }

    @Test func nothingIsCompensatedUnlessItIsAskedFor() async {
        let undone = Undoable("done", notes)
        let operation = Steps { _ in
            TaskCall(undone)
            TaskCall(Step("broken", retcode: 1))
        }
        #expect(await operation.build(logger: .none).execute().retcode == 1)
        #expect(notes.all.isEmpty)
    }

    @Test func whatCannotBeCompensatedIsLogged() async {
        let lines = LogLines()
        let undone = Undoable("done", notes) { throw Failure() }
        var operation = Steps { _ in
            TaskCall(undone)
            TaskCall(Step("broken", retcode: 1))
        }
        operation.compensatesOnFailure = true
        let run = await operation.build(logger: lines.logger())
        _ = await run.execute()
        #expect(run.tasks.map(\.status) == [.uncompensated, .pending])
        #expect(
            lines.messages.contains {
                $0.hasPrefix("Steps.Uncompensated: test.Steps[\(run.uuid)]: Task [test.done]") && $0.hasSuffix("boom")
            }
        )
    }
}

/// A task that notes that it is taken back.
private struct Undoable: TaskEntrypoint {
    let path: String
    let notes: Notes
    let undo: @Sendable () throws -> Void

    init(_ name: String, _ notes: Notes, undo: @escaping @Sendable () throws -> Void = {}) {
        path = "test.\(name)"
        self.notes = notes
        self.undo = undo
    }

    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { execution.result() }

    func compensate(_ parameters: JSONObject, in execution: Execution) async throws {
        notes.note("undo \(execution.name), cancelled: \(Task.isCancelled)")
        try undo()
    }
}

/// Waits for one thing to happen.
private final class Watcher: Sendable {
    private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)

    func fulfill() { continuation.yield() }
    func wait() async { for await _ in stream { return } }
}

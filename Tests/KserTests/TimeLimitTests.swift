import Synchronization
import Testing

@testable import Kser

@Suite(.timeLimit(.minutes(1))) struct TimeLimitTests {
    private struct Slow: Entrypoint {
        let timeLimit: Duration?
        let work: @Sendable () async throws -> Void

        init(limit: Duration? = .milliseconds(20), _ work: @escaping @Sendable () async throws -> Void) {
            timeLimit = limit
            self.work = work
        }

        func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
            try await work()
            return execution.result(stdout: "in time")
        }
    }

    @Test func aHandlerThatSleepsIsCancelledAtItsLimit() async {
        let result = await Slow { try await Task.sleep(for: .seconds(600)) }.execute(logger: .none)
        #expect(result.retcode == 504)
        #expect(result.retval["error"] != nil)
    }

    @Test func aHandlerThatIgnoresCancellationIsWaitedFor() async {
        let (end, ending) = AsyncStream.makeStream(of: Void.self)
        let hasEnded = Atomic(false)
        let run = Task {
            let result = await Slow {
                await Task { for await _ in end {} }.value
                hasEnded.store(true, ordering: .sequentiallyConsistent)
                throw KserError.io("too late")
            }.execute(logger: .none)
            return (result, hasEnded.load(ordering: .sequentiallyConsistent))
        }
        // Well past its limit.
        try? await Task.sleep(for: .milliseconds(200))
        ending.finish()
        let (result, wasOver) = await run.value
        #expect(wasOver)
        #expect(result.retcode == 504)
    }

    @Test func workThatSucceedsAllTheSameIsASuccess() async {
        let result = await Slow { try? await Task.sleep(for: .seconds(600)) }.execute(logger: .none)
        #expect(result.retcode == 0 && result.stdout == "in time")
    }

    @Test(arguments: [nil, Duration.seconds(600)])
    func aCancelledTaskThatSucceedsGivesTheSameWithALimitAndWithout(limit: Duration?) async {
        let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
        let run = Task {
            await Slow(limit: limit) {
                beginning.finish()
                try? await Task.sleep(for: .seconds(600))
            }.execute(logger: .none)
        }
        for await _ in begun {}
        run.cancel()
        #expect(await run.value.retcode == 0)
    }

    @Test func workThatDoesNotEndIsTold() async throws {
        let overrun = Promise<Void>()
        let end = Promise<Void>()
        let run = Task {
            try await withTimeLimit(
                .milliseconds(1),
                grace: .milliseconds(1),
                onOverrun: { overrun.keep() },
                { await Task { try? await end.value() }.value }
            )
        }
        try await overrun.value()
        end.keep()
        try await run.value
    }

    @Test func workThatEndsLeavesNoTimer() async throws {
        let timers = Timers()
        try await withTimeLimit(.seconds(3_600), on: timers) { while timers.count == 0 { await Task.yield() } }
        #expect(timers.count == 0)
    }

    @Test func aHandlerWithinItsLimitIsUntouched() async {
        let result = await Slow {}.execute(logger: .none)
        #expect(result.stdout == "in time")
        #expect(result.retcode == 0)
    }

    @Test func cancellingTheCallerCancelsTheWork() async throws {
        let run = Task { try await withTimeLimit(.seconds(600)) { try await Task.sleep(for: .seconds(600)) } }
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
    }
}

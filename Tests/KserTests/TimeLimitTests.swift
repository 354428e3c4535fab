import Testing

@testable import Kser

@Suite(.timeLimit(.minutes(1))) struct TimeLimitTests {
    private struct Slow: Entrypoint {
        var timeLimit: Duration? { .milliseconds(20) }
        let work: @Sendable () async throws -> Void

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

    @Test func aHandlerThatIgnoresCancellationIsLeftBehind() async {
        let never = AsyncStream<Void> { _ in }
        let result = await Slow {
            await Task { for await _ in never {} }.value
        }.execute(logger: .none)
        #expect(result.retcode == 504)
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

import Kser
import Synchronization
import Testing

@Suite("The thrown error reaches hooks, middleware, monitors and classifiers")
struct ErrorReachTests {
    private struct Unavailable: Error, Equatable { var host: String }

    private final class Seen: Sendable {
        private let errors = Mutex<[String: any Error]>([:])

        func note(_ place: String, _ error: (any Error)?) { errors.withLock { $0[place] = error } }
        var all: [String: any Error] { errors.withLock { $0 } }
    }

    private struct Failing: Entrypoint {
        let error: any Error
        let seen: Seen
        var path: String { "failing" }

        func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult { throw error }

        func onError(_ result: ExecutionResult, in execution: Execution) async throws -> ExecutionResult {
            seen.note("onError", execution.error)
            return ExecutionResult(uuid: result.uuid, retcode: 503)
        }
    }

    private struct Watching: Middleware {
        let seen: Seen

        func handle(_ invocation: Invocation, next: Next) async throws -> ExecutionResult {
            let result = try await next(invocation)
            seen.note("middleware", result.error)
            return result
        }
    }

    private final class Monitor: KserMonitor {
        let seen: Seen

        init(_ seen: Seen) { self.seen = seen }

        func taskEnded(_ execution: Execution, _ status: TaskStatus) { seen.note("taskEnded", execution.error) }

        func messageEnded(
            _ execution: Execution,
            entrypoint: String?,
            _ dispatch: Dispatch,
            after duration: Duration
        ) {
            seen.note("messageEnded", dispatch.error)
        }
    }

    private func dispatch(_ error: any Error, middleware: Bool) async throws -> ([String: any Error], Dispatch) {
        let seen = Seen()
        let controller = Controller(
            middleware: middleware ? [Watching(seen: seen)] : [],
            logger: .none,
            monitor: Monitor(seen)
        )
        try await controller.register(Failing(error: error, seen: seen))
        let record = Record(
            topic: "t",
            partition: 0,
            offset: 0,
            key: nil,
            value: try JSONMessageCodec().encode(Message(entrypoint: "failing"))
        )
        let dispatch = await controller.dispatch(record)
        return (seen.all, dispatch)
    }

    @Test(arguments: [false, true])
    func types(_ middleware: Bool) async throws {
        let (errors, dispatch) = try await dispatch(Unavailable(host: "h"), middleware: middleware)
        let classifier = OutcomeClassifier { $0.error is Unavailable ? .retry : .deadLetter }
        #expect(classifier(dispatch) == .retry)
        #expect(dispatch.result.retcode == 503)
        for place in ["onError", "taskEnded", "messageEnded"] {
            #expect(errors[place] as? Unavailable == Unavailable(host: "h"), "\(place)")
        }
    }

    @Test func causes() async throws {
        let thrown = KserError(.io, "no", cause: Unavailable(host: "h"))
        let (errors, dispatch) = try await dispatch(thrown, middleware: false)
        #expect((dispatch.error as? KserError)?.cause as? Unavailable == Unavailable(host: "h"))
        #expect((errors["onError"] as? KserError)?.cause as? Unavailable == Unavailable(host: "h"))
    }

    @Test func middlewareSeesWhatOnErrorLeaves() async throws {
        struct Plain: Entrypoint {
            func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
                throw Unavailable(host: "h")
            }
        }
        let seen = Seen()
        let controller = Controller(middleware: [Watching(seen: seen)], logger: .none)
        try await controller.register(Plain(), as: "p")
        _ = await controller.run(Message(entrypoint: "p"))
        #expect(seen.all["middleware"] as? Unavailable == Unavailable(host: "h"))
    }

    @Test func successHasNone() async throws {
        let controller = Controller(logger: .none)
        try await controller.register("c") { (_: JSONObject, execution) in
            #expect(execution.error == nil)
        }
        #expect(await controller.run(Message(entrypoint: "c")).error == nil)
        let unknown = await controller.run(Message(entrypoint: "unknown"))
        #expect((unknown.error as? KserError)?.kind == .validation)
    }

    @Test func theErrorDoesNotTravelOrCount() {
        let result = ExecutionResult.from(Unavailable(host: "h"), uuid: "u")
        var other = result
        other.error = nil
        #expect(result == other)
        #expect(result.hashValue == other.hashValue)
    }
}

import KserTesting
import OpenTracing
import OpenTracingMock
import Testing
import TracingVectorSupport

/// The scenarios with closures: the active span is inherited.
struct StructuredTestbed: Sendable {
    let tracer: MockTracer
    let loop = Loop()

    func run(_ test: String) async throws {
        switch test {
        case "active_span_replacement/test_main": await activeSpanReplacement()
        case "client_server/test": await clientServer()
        case "common_request_handler/test_two_callbacks":
            #expect(await RequestHandler(tracer: tracer).sendTwo() == ["1::response", "2::response"])
        case "common_request_handler/test_parent_not_picked":
            await tracer.withActiveSpan("parent") { _ in
                #expect(await RequestHandler(tracer: tracer).send("message") == "message::response")
            }
        case "common_request_handler/test_good_solution_to_set_parent": await goodSolutionToSetParent()
        case "late_span_finish/test_main": await lateSpanFinish()
        case "listener_per_request/test_main": await listenerPerRequest()
        case "multiple_callbacks/test_main": await multipleCallbacks()
        case "subtask_span_propagation/test_main":
            await tracer.withActiveSpan("parent") { _ in
                await Task { tracer.withActiveSpan("child") { _ in } }.value
            }
        default:
            let prefix = "nested_callbacks/test_"
            guard test.hasPrefix(prefix) else { throw UnknownVector(description: "the scenario \(test)") }
            try await nestedCallbacks(String(test.dropFirst(prefix.count)))
            await loop.drain()
        }
    }

    private func activeSpanReplacement() async {
        let initial = tracer.startSpan("initial")
        await Task {
            await tracer.withActiveSpan("task") { task in
                await tracer.activate(initial, finishOnClose: true) { _ in await Task.yield() }
                #expect(tracer.activeSpan === task.span)
                await tracer.withActiveSpan("subtask") { _ in await Task.yield() }
            }
        }.value
    }

    private func clientServer() async {
        let (queue, requests) = AsyncStream.makeStream(of: TextMap.self)
        let sent = Gate()
        async let client: Void = {
            tracer.withActiveSpan("send", tags: [Tags.spanKind: Tags.spanKindRPCClient]) { scope in
                var carrier = TextMap()
                do { try tracer.inject(scope.span.context, as: .textMap, into: &carrier) } catch { Issue.record(error) }
                requests.yield(carrier)
                requests.finish()
            }
            sent.open()
        }()
        for await carrier in queue {
            let context = try? tracer.extract(.textMap, from: carrier)
            let tags: Fields = [Tags.spanKind: Tags.spanKindRPCServer]
            await tracer.withActiveSpan("receive", childOf: context, tags: tags) { _ in await sent.pass() }
        }
        await client
    }

    private func goodSolutionToSetParent() async {
        let handler = RequestHandler(tracer: tracer, ignoresActiveSpan: false)
        await tracer.withActiveSpan("parent") { _ in
            #expect(await handler.send("message") == "message::response")
        }
        #expect(await handler.send("late") == "late::response")
    }

    private func lateSpanFinish() async {
        await tracer.withActiveSpan("parent") { _ in
            for name in ["task1", "task2"] {
                await Task { await tracer.withActiveSpan(name) { _ in await Task.yield() } }.value
            }
        }
        let spans = tracer.finishedSpans()
        #expect(spans.allSatisfy { $0.finishTime <= spans[spans.count - 1].finishTime })
    }

    private func listenerPerRequest() async {
        let tags: Fields = [Tags.spanKind: Tags.spanKindRPCClient]
        let listener = ResponseListener(span: tracer.startSpan("send", tags: tags))
        await Task { listener.onResponse("message::response") }.value
    }

    private func multipleCallbacks() async {
        await tracer.withActiveSpan("parent") { _ in
            await withTaskGroup { group in
                for _ in 0..<3 {
                    group.addTask { await tracer.withActiveSpan("task") { _ in await Task.yield() } }
                }
            }
        }
    }
}

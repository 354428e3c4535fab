import KserTesting
import OpenTracing
import OpenTracingMock
import Testing
import TracingVectorSupport

/// The scenarios with `activate` and `close`: who wants a span to be active in another task hands it over.
struct ImperativeTestbed: Sendable {
    let tracer: MockTracer
    let runner: Runner

    func run(_ test: String) async throws {
        switch test {
        case "active_span_replacement/test_main": await activeSpanReplacement()
        case "client_server/test": await clientServer()
        case "common_request_handler/test_two_callbacks":
            #expect(await RequestHandler(tracer: tracer).sendTwo() == ["1::response", "2::response"])
        case "common_request_handler/test_parent_not_picked":
            let scope = tracer.startActiveSpan("parent")
            #expect(await RequestHandler(tracer: tracer).send("message") == "message::response")
            scope.close()
        case "common_request_handler/test_bad_solution_to_set_parent": await badSolutionToSetParent()
        case "late_span_finish/test_main": await lateSpanFinish()
        case "listener_per_request/test_main": await listenerPerRequest()
        case "multiple_callbacks/test_main": await multipleCallbacks()
        case "nested_callbacks/test_main": await nestedCallbacks()
        case "subtask_span_propagation/test_main": await subtaskSpanPropagation()
        default: throw UnknownVector(description: "the scenario \(test)")
        }
    }

    private func activeSpanReplacement() async {
        let initial = tracer.startSpan("initial")
        await runner.run { [tracer] in
            let task = tracer.startActiveSpan("task")
            tracer.scopeManager.activate(initial, finishOnClose: true).close()
            #expect(tracer.activeSpan === task.span)
            tracer.startActiveSpan("subtask").close()
            task.close()
        }
    }

    private func clientServer() async {
        let (queue, requests) = AsyncStream.makeStream(of: TextMap.self)
        async let client: Void = runner.run { [tracer] in
            let scope = tracer.startActiveSpan("send", tags: [Tags.spanKind: Tags.spanKindRPCClient])
            var carrier = TextMap()
            do { try tracer.inject(scope.span.context, as: .textMap, into: &carrier) } catch { Issue.record(error) }
            scope.close()
            requests.yield(carrier)
            requests.finish()
        }
        for await carrier in queue {
            await runner.run { [tracer] in
                let context = try? tracer.extract(.textMap, from: carrier)
                let tags: Fields = [Tags.spanKind: Tags.spanKindRPCServer]
                tracer.startActiveSpan("receive", childOf: context, tags: tags).close()
            }
        }
        await client
    }

    private func badSolutionToSetParent() async {
        let scope = tracer.startActiveSpan("parent")
        let handler = RequestHandler(tracer: tracer, parent: scope.span.context)
        #expect(await handler.send("message") == "message::response")
        scope.close()
        #expect(await handler.send("late") == "late::response")
    }

    private func lateSpanFinish() async {
        let parent = tracer.startSpan("parent")
        for name in ["task1", "task2"] {
            await runner.run { [tracer] in
                let scope = tracer.scopeManager.activate(parent, finishOnClose: false)
                tracer.startActiveSpan(name).close()
                scope.close()
            }
        }
        parent.finish()
        let spans = tracer.finishedSpans()
        #expect(spans.allSatisfy { $0.finishTime <= spans[spans.count - 1].finishTime })
    }

    private func listenerPerRequest() async {
        let tags: Fields = [Tags.spanKind: Tags.spanKindRPCClient]
        let listener = ResponseListener(span: tracer.startSpan("send", tags: tags))
        await runner.run { listener.onResponse("message::response") }
    }

    private func multipleCallbacks() async {
        let scope = tracer.startActiveSpan("parent")
        let parent = scope.span
        await withTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    await runner.run { [tracer] in
                        let borrowed = tracer.scopeManager.activate(parent, finishOnClose: false)
                        tracer.startActiveSpan("task").close()
                        borrowed.close()
                    }
                }
            }
        }
        scope.close()
    }

    private func nestedCallbacks() async {
        let done = Requirement("the third callback")
        let scope = tracer.startActiveSpan("one", finishOnClose: false)
        submit(1, scope.span, done)
        scope.close()
        do { try await done.wait() } catch { Issue.record(error) }
    }

    private func submit(_ number: Int, _ span: any Span, _ done: Requirement) {
        Task {
            await runner.run { [tracer] in
                let scope = tracer.scopeManager.activate(span, finishOnClose: false)
                tracer.activeSpan?.setTag("key\(number)", "\(number)")
                if number < 3 { submit(number + 1, span, done) } else { span.finish() }
                scope.close()
                if number == 3 { done.fulfill() }
            }
        }
    }

    private func subtaskSpanPropagation() async {
        let scope = tracer.startActiveSpan("parent")
        let parent = scope.span
        await runner.run { [tracer] in
            let borrowed = tracer.scopeManager.activate(parent, finishOnClose: false)
            tracer.startActiveSpan("child").close()
            borrowed.close()
        }
        #expect(tracer.activeSpan === parent)
        scope.close()
    }
}

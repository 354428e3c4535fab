import KserTesting
import OpenTracing
import OpenTracingMock
import Synchronization
import Testing

/// Who sees which span as the active one.
@Suite(.timeLimit(.minutes(2)))
struct SpanInheritanceTests {
    let tracer = MockTracer()

    var active: String? { (tracer.activeSpan as? MockSpan)?.operationName }

    @Test func childTasksInherit() async throws {
        await tracer.withActiveSpan("parent") { _ in
            async let bound = active
            #expect(await bound == "parent")
            let grouped = await withTaskGroup { group in
                group.addTask { active }
                return await group.next() ?? nil
            }
            #expect(grouped == "parent")
            #expect(await Task { active }.value == "parent")
            #expect(await Task.detached { active }.value == nil)
        }
        #expect(active == nil)
    }

    @Test func aTaskKeepsTheSpanThatItsCreatorLeft() async {
        let gate = Gate()
        let late = tracer.withActiveSpan("parent") { _ in
            Task {
                await gate.pass()
                return tracer.withActiveSpan("late") { _ in active }
            }
        }
        #expect(active == nil)
        gate.open()
        #expect(await late.value == "late")
        #expect(tracer.finishedSpans().map(\.description) == ["parent(1,-)", "late(3,1)"])
    }

    @Test func hidingReachesChildTasks() async {
        await tracer.withActiveSpan("parent") { _ in
            await tracer.withNoActiveSpan {
                #expect(active == nil)
                #expect(await Task { active }.value == nil)
                tracer.withActiveSpan("root") { _ in #expect(active == "root") }
                #expect(active == nil)
            }
            #expect(active == "parent")
        }
        #expect(tracer.finishedSpans().map(\.description) == ["root(3,-)", "parent(1,-)"])
    }

    @Test func managersDoNotShare() {
        let other = MockTracer()
        tracer.withActiveSpan("ours") { _ in
            #expect(other.activeSpan == nil)
            other.withActiveSpan("theirs") { _ in #expect(active == "ours") }
        }
    }

    /// Closures in child tasks that wait for one another in the middle, so that all are open at once.
    @Test func tenThousandChildTasksSeeTheirOwn() async {
        let count = 10_000
        let everyone = Requirement("all spans active", count: count)
        await tracer.withActiveSpan("root") { root in
            let wrong = await withTaskGroup(of: Int.self) { group in
                for number in 0..<count {
                    group.addTask {
                        await tracer.withActiveSpan("\(number)") { scope in
                            everyone.fulfill()
                            var wrong = 0
                            func check() { if tracer.activeSpan !== scope.span || active != "\(number)" { wrong += 1 } }
                            check()
                            await Task.yield()
                            check()
                            if number.isMultiple(of: 2) {
                                async let inner = tracer.withActiveSpan("inner") { _ in
                                    await Task.yield()
                                    return active
                                }
                                if await inner != "inner" { wrong += 1 }
                            }
                            do { try await everyone.wait(atMost: .seconds(60)) } catch { wrong += 1 }
                            check()
                            return wrong
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0)
            #expect(tracer.activeSpan === root.span)
        }

        let spans = tracer.finishedSpans()
        let names = Dictionary(uniqueKeysWithValues: spans.map { ($0.mockContext.spanID, $0.operationName) })
        let (inner, outer) = (
            spans.filter { $0.operationName == "inner" }, spans.filter { Int($0.operationName) != nil }
        )
        #expect(outer.count == count && outer.allSatisfy { $0.parentID == 1 })
        #expect(Set(inner.compactMap { span in span.parentID.flatMap { names[$0] } }).count == count / 2)
        #expect(Set(spans.map(\.mockContext.traceID)) == [2])
    }

    /// The imperative pair in many tasks at once, inside of one closure: each task sees what it opened itself.
    @Test func tasksThatOpenImperativelySeeTheirOwn() async {
        let count = 2_000
        await tracer.withActiveSpan("root") { root in
            let wrong = await withTaskGroup(of: Int.self) { group in
                for number in 0..<count {
                    group.addTask {
                        var wrong = tracer.activeSpan === root.span ? 0 : 1
                        let scope = tracer.startActiveSpan("\(number)")
                        await Task.yield()
                        if tracer.activeSpan !== scope.span { wrong += 1 }
                        if await Task(operation: { tracer.activeSpan }).value !== root.span { wrong += 1 }
                        scope.close()
                        await Task.yield()
                        return wrong + (tracer.activeSpan === root.span ? 0 : 1)
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0)
        }
        #expect(tracer.finishedSpans().count == count + 1)
    }

    /// A chain of tasks that start one another inside of a span each keeps no span alive that ended.
    @Test func chainsOfTasksDoNotGrow() async {
        let first = FirstSpan()
        await start(20, noting: first)
        tracer.reset()
        #expect(!first.isAlive)
    }

    private func start(_ left: Int, noting first: FirstSpan) async {
        let next = tracer.withActiveSpan("\(left)") { scope in
            first.note(scope.span)
            return Task { [self] in if left > 0 { await start(left - 1, noting: first) } }
        }
        await next.value
    }
}

private final class FirstSpan: Sendable {
    private struct Weak: Sendable { weak var span: (any Span)? }

    private let first = Mutex<Weak?>(nil)

    var isAlive: Bool { first.withLock { $0?.span != nil } }

    func note(_ span: any Span) { first.withLock { if $0 == nil { $0 = Weak(span: span) } } }
}

import KserTesting
import OpenTracing
import Testing
import TracingVectorSupport

/// What is scheduled inside of a scope belongs to it, although it runs after the scope closed.
extension StructuredTestbed {
    func nestedCallbacks(_ test: String) async throws {
        switch test {
        case "main": await tagByTag()
        case "schedule_callbacks": await scheduleCallbacks()
        case "coroutines_schedule_callbacks", "coroutines_scheduling_task": await scheduleFromTasks()
        case "recursive_scheduling_task": await recurse(0, to: 3, ignoring: false)
        case "recursive_scheduling_with_ignoring_active_span": await recurse(0, to: 1, ignoring: true)
        case "tasks_with_no_parent_scope", "callbacks_with_no_parent_scope": await noParent("task")
        case "await_with_no_parent_scope": await awaitWithNoParent()
        default: throw UnknownVector(description: "the scenario nested_callbacks/\(test)")
        }
    }

    private func tagByTag() async {
        await tracer.withActiveSpan("one", finishOnClose: false) { _ in
            await loop.schedule {
                tracer.activeSpan?.setTag("key1", "1")
                await loop.schedule {
                    tracer.activeSpan?.setTag("key2", "2")
                    await loop.schedule { tracer.activeSpan?.setTag("key3", "3").finish() }
                }
            }
        }
    }

    private func open(_ name: String, ignoring: Bool = false) async {
        await tracer.withActiveSpan(name, ignoreActiveSpan: ignoring) { _ in await Task.yield() }
    }

    private func scheduleCallbacks() async {
        let gate = Gate()
        await tracer.withActiveSpan("root") { _ in
            await loop.schedule {
                await gate.pass()
                await tracer.withActiveSpan("first") { _ in await loop.schedule { await open("childof:first") } }
            }
            await loop.schedule { await open("second") }
        }
        gate.open()
    }

    private func scheduleFromTasks() async {
        let gate = Gate()
        await tracer.withActiveSpan("root") { _ in
            for name in ["task1", "task2"] {
                await loop.schedule {
                    await gate.pass()
                    await tracer.withActiveSpan(name) { _ in await loop.schedule { await open("childof:\(name)") } }
                }
            }
        }
        gate.open()
    }

    /// Spans 0 to 3, each started by the one before; with `ignoring`, those after `last` begin traces of their own.
    private func recurse(_ number: Int, to last: Int, ignoring: Bool) async {
        await tracer.withActiveSpan("\(number)", ignoreActiveSpan: ignoring && number > last) { _ in
            guard number < 3 else { return }
            await loop.schedule { await recurse(number + 1, to: last, ignoring: ignoring) }
        }
        if number == 0 { await loop.drain() }
    }

    private func noParent(_ name: String) async {
        let gate = Gate()
        await tracer.withActiveSpan("root") { _ in
            await loop.schedule {
                await gate.pass()
                await open("\(name)_1")
            }
            await tracer.withNoActiveSpan { await loop.schedule { await open("\(name)_2") } }
            await loop.schedule { await open("\(name)_3") }
        }
        gate.open()
    }

    private func awaitWithNoParent() async {
        let gate = Gate()
        await tracer.withActiveSpan("root") { _ in
            await loop.schedule {
                await gate.pass()
                await open("coro_1")
                await tracer.withNoActiveSpan { await open("coro_2") }
                await open("coro_3")
            }
        }
        gate.open()
    }
}

import OpenTracing

extension ScopeManagerContract {
    private struct Failure: Error {}

    var structured: [ContractCheck] {
        [
            check("closure") { manager in
                let (outer, inner) = (CountingSpan(), CountingSpan())
                try await manager.activate(outer, finishOnClose: true) { outerScope in
                    try expect(manager.active, is: outerScope, "the scope is active")
                    try manager.activate(inner, finishOnClose: false) { innerScope in
                        try expect(manager.active, is: innerScope, "the inner scope is active")
                    }
                    await Task.yield()
                    try expect(inner.finishCount == 0, "the inner span is not finished")
                    try expect(manager.active, is: outerScope, "the outer scope is active again")
                }
                try expect(outer.finishCount == 1, "the span is finished at the end")
                try expect(manager.active, is: nil, "nothing is active after the closure")
            },
            check("closure_error") { manager in
                let span = CountingSpan()
                do {
                    try await manager.activate(span, finishOnClose: true) { _ async throws(Failure) in throw Failure() }
                    try expect(false, "the error is thrown on")
                } catch is Failure {
                    try expect(span.hasError, "the error is recorded")
                    try expect(span.finishCount == 1, "the span is finished")
                    try expect(manager.active, is: nil, "nothing is active after the closure")
                }
            },
            check("closure_closed_early") { manager in
                let (outer, inner) = (CountingSpan(), CountingSpan())
                try manager.activate(outer, finishOnClose: true) { outerScope in
                    try manager.activate(inner, finishOnClose: true) { innerScope in
                        innerScope.close()
                        try expect(inner.finishCount == 1, "close finishes the span")
                        try expect(manager.active, is: outerScope, "the outer scope is active again")
                    }
                    try expect(inner.finishCount == 1, "the end does not finish the span again")
                }
            },
            check("closure_inherited") { manager in
                let late = try await manager.activate(CountingSpan(), finishOnClose: true) { scope in
                    async let child = manager.active
                    try expect(await child, is: scope, "a child task inherits the scope")
                    try expect(await Task.detached { manager.active }.value, is: nil, "a detached task does not")
                    await Task { scope.close() }.value
                    try expect(manager.active, is: scope, "a child task cannot close the scope")
                    let (opened, gate) = (Requirement("a scope in a child task"), Gate())
                    let opener = Task {
                        let own = manager.activate(CountingSpan(), finishOnClose: true)
                        opened.fulfill()
                        await gate.pass()
                        own.close()
                    }
                    try await opened.wait()
                    try expect(manager.active, is: scope, "what a child task opens stays there")
                    gate.open()
                    await opener.value
                    return Task {
                        await Task.yield()
                        return manager.active === scope
                    }
                }
                try expect(manager.active, is: nil, "nothing is active after the closure")
                try expect(await late.value, "a child task keeps the scope that its creator left")
            },
            check("closure_with_imperative_inside") { manager in
                let left = CountingSpan()
                let around = manager.activate(CountingSpan(), finishOnClose: true)
                try manager.activate(CountingSpan(), finishOnClose: true) { scope in
                    let inside = manager.activate(CountingSpan(), finishOnClose: true)
                    try expect(manager.active, is: inside, "the scope opened inside is active")
                    inside.close()
                    try expect(manager.active, is: scope, "the closure's scope is active again")
                    _ = manager.activate(left, finishOnClose: true)
                }
                try expect(manager.active, is: around, "a scope left open inside ends with the closure")
                try expect(left.finishCount == 0, "a scope left open does not finish its span")
                around.close()
                try expect(manager.active, is: nil, "nothing is active after close")
            },
            check("no_active_span") { manager in
                try await manager.activate(CountingSpan(), finishOnClose: true) { scope in
                    try await manager.withNoActiveSpan {
                        try expect(manager.active, is: nil, "the scope is hidden")
                        try expect(await Task { manager.active }.value, is: nil, "it is hidden from child tasks")
                    }
                    try manager.withNoActiveSpan { try expect(manager.active, is: nil, "the scope is hidden") }
                    try expect(manager.active, is: scope, "the scope is active again")
                }
            },
        ]
    }
}

import OpenTracing

extension ScopeManagerContract {
    var imperative: [ContractCheck] {
        [
            check("missing_active") { manager in
                try expect(manager.active, is: nil, "nothing is active at first")
            },
            check("activate") { manager in
                let span = CountingSpan()
                let scope = manager.activate(span, finishOnClose: false)
                try expect(scope.span, is: span, "the scope is the span's")
                try expect(manager.active, is: scope, "the scope is active")
                scope.close()
                try expect(span.finishCount == 0, "close does not finish the span")
                try expect(manager.active, is: nil, "nothing is active after close")
            },
            check("activate_finish_on_close") { manager in
                let span = CountingSpan()
                let scope = manager.activate(span, finishOnClose: true)
                try expect(manager.active, is: scope, "the scope is active")
                scope.close()
                try expect(span.finishCount == 1, "close finishes the span")
                scope.close()
                try expect(span.finishCount == 1, "the second close does nothing")
                try expect(manager.active, is: nil, "nothing is active after close")
            },
            check("activate_nested") { manager in
                try nest(manager, finishOuter: true)
            },
            check("activate_finish_on_close_nested") { manager in
                try nest(manager, finishOuter: false)
            },
            check("close_wrong_order") { manager in
                let (outer, inner) = (CountingSpan(), CountingSpan())
                let outerScope = manager.activate(outer, finishOnClose: true)
                let innerScope = manager.activate(inner, finishOnClose: true)
                outerScope.close()
                try expect(outer.finishCount == 0, "the outer scope is not closed before the inner")
                try expect(manager.active, is: innerScope, "the inner scope stays active")
                innerScope.close()
                try expect(manager.active, is: outerScope, "the outer scope is active again")
                outerScope.close()
                try expect(outer.finishCount == 1, "the outer scope is closed now")
                try expect(manager.active, is: nil, "nothing is active after close")
            },
            check("close_in_another_task") { manager in
                let span = CountingSpan()
                let scope = manager.activate(span, finishOnClose: true)
                await Task.detached { scope.close() }.value
                try expect(span.finishCount == 0, "close does nothing in another task")
                try expect(manager.active, is: scope, "the scope stays active")
                scope.close()
                try expect(span.finishCount == 1, "close finishes the span")
            },
            check("reactivate_same_span") { manager in
                let span = CountingSpan()
                let first = manager.activate(span, finishOnClose: true)
                let second = manager.activate(span, finishOnClose: false)
                second.close()
                try expect(span.finishCount == 0, "the second scope does not finish the span")
                try expect(manager.active, is: first, "the first scope is active again")
                first.close()
                try expect(span.finishCount == 1, "the first scope finishes the span")
            },
        ]
    }

    private func nest(_ manager: any ScopeManager, finishOuter: Bool) throws {
        let (outer, inner) = (CountingSpan(), CountingSpan())
        let outerScope = manager.activate(outer, finishOnClose: finishOuter)
        let innerScope = manager.activate(inner, finishOnClose: true)
        try expect(manager.active, is: innerScope, "the inner scope is active")
        innerScope.close()
        try expect(inner.finishCount == 1, "close finishes the inner span")
        try expect(manager.active, is: outerScope, "the outer scope is active again")
        outerScope.close()
        try expect(outer.finishCount == (finishOuter ? 1 : 0), "close finishes the outer span only if asked to")
        try expect(manager.active, is: nil, "nothing is active after close")
    }
}

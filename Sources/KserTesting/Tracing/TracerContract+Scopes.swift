import OpenTracing

extension TracerContract {
    var scopes: [ContractCheck] {
        [
            check("active_span") { tracer in
                let span = tracer.startSpan("Fry")
                try expectScope(tracer.activeSpan == nil)
                let scope = tracer.scopeManager.activate(span, finishOnClose: true)
                try expectScope(tracer.activeSpan === span && tracer.scopeManager.active?.span === span)
                scope.close()
            },
            check("start_active_span") { tracer in
                let scope = tracer.startActiveSpan("Fry")
                try expect(scope.span, isChildOf: nil)
                scope.close()
            },
            check("start_active_span_parent") { tracer in
                try tracer.startActiveSpan("Fry").run { outer in
                    try tracer.startActiveSpan("Farnsworth").run { inner in
                        try expect(inner.span, isChildOf: outer.span)
                    }
                }
            },
            check("start_active_span_ignore_active_span") { tracer in
                try tracer.startActiveSpan("Fry").run { outer in
                    try tracer.startActiveSpan("Farnsworth", ignoreActiveSpan: true).run { inner in
                        if checksScopes { try notChild(inner.span, of: outer.span) }
                    }
                }
            },
            check("start_active_span_not_finish_on_close") { tracer in
                let scope = tracer.startActiveSpan("Leela", finishOnClose: false)
                scope.close()
                try expect(scope.span, finished: 0)
            },
            check("start_active_span_finish_on_close") { tracer in
                let scope = tracer.startActiveSpan("Leela", finishOnClose: true)
                try expect(scope.span, finished: 0)
                scope.close()
                try expect(scope.span, finished: 1)
            },
            check("start_active_span_default_finish_on_close") { tracer in
                let scope = tracer.startActiveSpan("Leela")
                scope.close()
                try expect(scope.span, finished: 1)
            },
            check("start_span_propagation") { tracer in
                try tracer.startActiveSpan("Fry").run { scope in
                    try expect(tracer.startSpan("Farnsworth"), isChildOf: scope.span)
                }
            },
            check("start_span_propagation_ignore_active_span") { tracer in
                try tracer.startActiveSpan("Fry").run { scope in
                    let span = tracer.startSpan("Farnsworth", ignoreActiveSpan: true)
                    if checksScopes { try notChild(span, of: scope.span) }
                }
            },
            check("start_active_span_scope") { tracer in
                let scope = tracer.startActiveSpan("Fry")
                try expectScope(tracer.scopeManager.active === scope)
                scope.close()
            },
            check("start_span_scope") { tracer in
                tracer.startSpan("Fry").finish()
                try expectScope(tracer.scopeManager.active == nil)
            },
        ]
    }

    private func notChild(_ span: any Span, of other: any Span) throws(ContractViolation) {
        try KserTesting.expect(!isParent(other, span), "the span has a parent although it was to ignore it")
    }
}

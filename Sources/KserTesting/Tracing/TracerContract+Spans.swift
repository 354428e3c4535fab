import OpenTracing

extension TracerContract {
    private struct Failure: Error {}

    var spans: [ContractCheck] {
        [
            check("start_span") { tracer in
                tracer.startSpan("Fry").finish()
                tracer.startSpan("Fry", tags: ["birthday": "August 14 1974"]).run { span in
                    _ = span.logEvent("birthplace", payload: .object(["hospital": "Brooklyn", "city": "New York"]))
                }
            },
            check("start_span_with_parent") { tracer in
                let parent = tracer.startSpan("parent")
                let span = tracer.startSpan("Leela", childOf: parent)
                try expect(span, isChildOf: parent)
                span.finish()
                let follower = tracer.startSpan(
                    "Leela",
                    references: [.followsFrom(parent.context)],
                    tags: ["birthplace": "sewers"]
                )
                try expect(follower, isChildOf: parent)
                follower.finish()
                parent.finish()
            },
            check("start_child_span") { tracer in
                let parent = tracer.startSpan("parent")
                let child = parent.startChildSpan("Leela")
                try expect(child, isChildOf: parent)
                child.finish()
                parent.finish()
            },
            check("set_operation_name") { tracer in
                let span = tracer.startSpan()
                try KserTesting.expect(span.setOperationName("Farnsworth") === span, "setters return the span")
                span.finish()
            },
            check("span_as_context_manager") { tracer in
                let span = tracer.startSpan("antiquing")
                span.run { _ in }
                try expect(span, finished: 1)
                let failing = tracer.startSpan("antiquing")
                var isThrown = false
                do throws(Failure) {
                    try failing.run { _ throws(Failure) in throw Failure() }
                } catch {
                    isThrown = true
                }
                try KserTesting.expect(isThrown, "an error is thrown on")
                try expect(failing, finished: 1)
            },
            check("span_tag_value_types") { tracer in
                let span = tracer.startSpan("ManyTypes")
                let same = span.setTag("an_int", 9).setTag("a_bool", true).setTag("a_string", "aoeuidhtns")
                try KserTesting.expect(same === span, "setters return the span")
                span.finish()
            },
            check("span_tags_with_chaining") { tracer in
                let span = tracer.startSpan("Farnsworth").setTag("birthday", "9 April, 2841")
                span.setTag("loves", "different lengths of wires")
                span.setTag("unicode_val", "non-ascii: \u{200b}").setTag("unicode_key_\u{200b}", "ascii val")
                span.finish()
            },
        ]
    }

    var values: [ContractCheck] {
        [
            check("span_logs") { tracer in
                let span = tracer.startSpan("Fry")
                span.log(["frozen.year": 1999, "frozen.place": "Cryogenics Labs"])
                span.log(["defrosted.year": 2999, "defrosted.place": "Cryogenics Labs"], timestamp: 1.5)
                span.logEvent("frozen", payload: .object(["year": 1999])).logEvent("defrosted", payload: 2999)
                span.logEvent("became his own grandfather", payload: 1947)
                span.log(event: "frozen").log(event: "defrosted", payload: 2999).log(event: nil, payload: 1947)
                span.log(event: "became his own grandfather", payload: .object(["year": 1947]), timestamp: 2)
                span.finish()
            },
            check("span_baggage") { tracer in
                let span = tracer.startSpan("Fry")
                try KserTesting.expect(span.context.baggage.isEmpty, "there is no baggage at first")
                try KserTesting.expect(span.setBaggageItem("Kiff-loves", "Amy") === span, "setters return the span")
                let value = span.baggageItem("Kiff-loves")
                if checksBaggage { try KserTesting.expect(value == "Amy", "the baggage is kept") }
                span.finish()
            },
            check("context_baggage") { tracer in
                let span = tracer.startSpan("Fry")
                let before = span.context
                span.setBaggageItem("Kiff-loves", "Amy")
                try KserTesting.expect(before.baggage.isEmpty, "a context does not change")
                if checksBaggage {
                    try KserTesting.expect(span.context.baggage == ["Kiff-loves": "Amy"], "the baggage is kept")
                }
                span.finish()
            },
        ]
    }
}

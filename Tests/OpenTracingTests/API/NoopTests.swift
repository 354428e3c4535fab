import OpenTracing
import OpenTracingMock
import Testing

@Suite struct NoopTests {
    private func never<Value>(_ value: Value) -> Value {
        Issue.record("an argument was computed")
        return value
    }

    @Test func nothingIsComputed() async {
        let tracer: any Tracer = NoopTracer.shared
        let span = tracer.startSpan(never("name"), tags: never(["a": 1]))
        span.setTag("key", never(1)).log(never(["a": 1])).finish()
        await tracer.withActiveSpan(never("name"), tags: never([:])) { scope in
            scope.span.setTag("key", never("value"))
            await Task.yield()
        }
        tracer.startActiveSpan(never("name")).close()
    }

    @Test func theSameObjectsAreHandedOut() {
        let tracer = NoopTracer()
        let span = tracer.startSpan("a")
        #expect(tracer.startSpan("b") === span)
        #expect(tracer.startActiveSpan("a") === tracer.startActiveSpan("b"))
        // Never nil, and another one, as in the reference.
        #expect(tracer.activeSpan != nil && tracer.activeSpan !== span)
        #expect(span.setBaggageItem("a", "b").baggageItem("a") == nil)
        #expect(span.context.baggage.isEmpty)
    }

    @Test func carriersStayAsTheyAre() throws {
        let tracer = NoopTracer.shared
        var map = ["a": "b"]
        try tracer.inject(NoopSpanContext(), as: .httpHeaders, into: &map)
        #expect(map == ["a": "b"])
        var bytes: [UInt8] = [1]
        try tracer.inject(NoopSpanContext(), into: &bytes)
        #expect(bytes == [1])
        #expect(try tracer.extract(.binary, from: []) is NoopSpanContext)
    }

    @Test func aPlaceHoldsOneTracer() {
        let place = GlobalTracer()
        #expect(place.tracer.isNoop && !place.isRegistered)
        let (first, second) = (MockTracer(), MockTracer())
        place.register(first)
        place.register(second)
        #expect(place.tracer as? MockTracer === second && place.isRegistered)
        place.reset()
        #expect(place.tracer.isNoop && !place.isRegistered)
        #expect(globalTracer().isNoop && !isGlobalTracerRegistered())
    }
}

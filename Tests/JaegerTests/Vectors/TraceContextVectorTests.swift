import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.w3c.isPresent, VectorFile.w3c.absence),
        arguments: try VectorFile.w3c.cases("traceparent_extract")
    )
    func traceparentExtraction(_ vector: TracingVector) throws {
        try vector.given.allow("id", "carrier", "context", "note")
        let entries = try vector.given.pairs("carrier").map { TextMap.Entry($0.key, try #require($0.value.string)) }
        let context = try TraceContextCodec().extract(from: .text(TextMap(entries)))
        switch vector.name {
        // Names of headers ignore case here, and by the recommendation several values are as none.
        case "header_name_case": #expect(context?.hasTrace == true)
        case "duplicate_traceparent": #expect(context == nil)
        // By its level 2 one of a key is kept.
        case "tracestate_dup_key": #expect(context?.traceState.header == "foo=1")
        default: return try expect(context, is: vector.given["context"])
        }
        try Divergences.demandReason(for: vector, in: .w3c)
    }

    @Test(
        .enabled(if: VectorFile.w3c.isPresent, VectorFile.w3c.absence),
        arguments: try VectorFile.w3c.cases("traceparent_inject")
    )
    func traceparentInjection(_ vector: TracingVector) throws {
        try vector.given.allow(
            "id",
            "trace_id",
            "span_id",
            "flags",
            "tracestate",
            "carrier",
            "note",
            "divergence_allowed"
        )
        let context = try recorded(vector.given)
        var carrier = Carrier.text(TextMap())
        try TraceContextCodec().inject(context, into: &carrier)
        var expected = try vector.given.pairs("carrier").map { TextMap.Entry($0.key, try #require($0.value.string)) }
        switch vector.name {
        // The bits beside the decision do not travel; what has no trace is not written.
        case "flags_3":
            try Divergences.demandReason(for: vector, in: .w3c)
            expected[0].value = String(expected[0].value.dropLast(2)) + "01"
        case "invalid_zero":
            try Divergences.demandReason(for: vector, in: .w3c)
            expected = []
        default: break
        }
        #expect(carrier == .text(TextMap(expected)))
    }

    @Test(
        .enabled(if: VectorFile.w3c.isPresent, VectorFile.w3c.absence),
        arguments: try VectorFile.w3c.cases("baggage_extract")
    )
    func baggageExtraction(_ vector: TracingVector) throws {
        try vector.given.allow("id", "header", "baggage", "note", "divergence_allowed")
        let carrier = Carrier.text(["Baggage": try vector.given.text("header")])
        let baggage = try BaggageCodec().extract(from: carrier)?.baggage ?? [:]
        switch vector.name {
        case "props": #expect(baggage == ["key1": "value1", "key2": "v"])
        case "plus": #expect(baggage == ["a": "b+c"])
        case "semicolon_only": #expect(baggage == ["a": "1", "b": "2"])
        default: return #expect(baggage == (try TypedValues.baggage(vector.given).compactMapValues { $0 }))
        }
        try Divergences.demandReason(for: vector, in: .w3c)
    }

    @Test(
        .enabled(if: VectorFile.w3c.isPresent, VectorFile.w3c.absence),
        arguments: try VectorFile.w3c.cases("baggage_inject")
    )
    func baggageInjection(_ vector: TracingVector) throws {
        try vector.given.allow("id", "baggage", "carrier", "note", "divergence_allowed")
        let baggage = try TypedValues.baggage(vector.given).compactMapValues { $0 }
        var carrier = Carrier.text(TextMap())
        try BaggageCodec().inject(JaegerSpanContext(baggage: baggage), into: &carrier)
        if vector.name == "key_escaped" {
            #expect(carrier == .text(TextMap()))
            return try Divergences.demandReason(for: vector, in: .w3c)
        }
        // A blank is %20 here: "+" means itself by the recommendation.
        let expected = try vector.given.pairs("carrier").map { key, value in
            let text = try #require(value.string)
            if text.contains("+") { try Divergences.demandReason(for: vector, in: .w3c) }
            return TextMap.Entry(key, text.replacing("+", with: "%20"))
        }
        #expect(carrier == .text(TextMap(expected)))
    }

    /// What OpenTelemetry's propagators for Jaeger and B3 write is understood here.
    @Test(
        .enabled(if: VectorFile.w3c.isPresent, VectorFile.w3c.absence),
        arguments: try VectorFile.w3c.cases("otel_other_formats_inject")
    )
    func otherFormats(_ vector: TracingVector) throws {
        try vector.given.allow("trace_id", "span_id", "flags", "jaeger", "b3_multi", "b3_single")
        let recorded = try recorded(vector.given)
        for (key, codec) in [
            ("jaeger", TextCodec(encodesValues: true)), ("b3_multi", B3Codec()), ("b3_single", B3SingleCodec()),
        ] as [(String, any ContextCodec)] {
            let entries = try vector.given.pairs(key).map { TextMap.Entry($0.key, try #require($0.value.string)) }
            let context = try #require(try codec.extract(from: .text(TextMap(entries))))
            #expect(context.traceID == recorded.traceID && context.spanID == recorded.spanID, "\(key)")
            #expect(context.isSampled == recorded.isSampled, "\(key)")
        }
        var carrier = Carrier.text(TextMap())
        try B3SingleCodec().inject(recorded, into: &carrier)
        let header = try vector.given.pairs("b3_single").map { TextMap.Entry($0.key, try #require($0.value.string)) }
        #expect(carrier == .text(TextMap(header)))
    }

    @Test(
        .enabled(if: VectorFile.w3c.isPresent, VectorFile.w3c.absence),
        arguments: try VectorFile.w3c.cases("b3_single_extract")
    )
    func b3SingleExtraction(_ vector: TracingVector) throws {
        try vector.given.allow("b3", "context")
        let context = try B3SingleCodec().extract(from: .text(["b3": vector.given.text("b3")]))
        try expect(context, is: vector.given["context"])
    }

    private func recorded(_ given: JSONObject) throws -> JaegerSpanContext {
        var context = try JaegerSpanContext(
            traceID: number(given.text("trace_id"), as: UInt128.self),
            spanID: number(given.text("span_id"), as: UInt64.self),
            flags: SpanFlags(rawValue: UInt8(truncatingIfNeeded: given["flags"]?.int ?? 0))
        )
        if given.contains("tracestate") {
            let header = try given.pairs("tracestate").map { "\($0.key)=\($0.value.string ?? "")" }
            context.traceState = try #require(TraceState(header: header.joined(separator: ",")))
        }
        return context
    }

    private func expect(_ context: JaegerSpanContext?, is json: JSON?) throws {
        guard let given = try #require(json).object else { return #expect(context == nil) }
        let (recorded, context) = (try recorded(given), try #require(context))
        #expect(context.traceID == recorded.traceID && context.spanID == recorded.spanID)
        #expect(context.isSampled == recorded.isSampled)
        #expect(context.traceState == recorded.traceState)
    }
}

import Kser
import OpenTracing
import OpenTracingMock
import Testing
import TracingVectorSupport

extension MockScript {
    func start(_ operation: JSONObject) throws {
        let (span, scope) = try ScriptedSpans.start(operation, on: tracer, target: target)
        if let scope { scopes[try operation.text("scope")] = scope }
        spans[try operation.text("as")] = span
        let result = try #require(operation["result"]?.object)
        try check(span.context, against: result)
        #expect((span as? MockSpan)?.parentID.map { String($0, radix: 16) } == result["parent_id"]?.string)
    }

    private func target(_ json: JSON) throws -> (any SpanParent)? {
        if json.isNull { return nil }
        if let span = json["span"]?.string.flatMap({ spans[$0] }) { return span }
        if let span = json["context_of"]?.string.flatMap({ spans[$0] }) { return span.context }
        if let context = json["context"]?.string.flatMap({ contexts[$0] }) { return context }
        throw UnknownVector(description: "the target \(json)")
    }

    private func check(_ context: any SpanContext, against recorded: JSONObject) throws {
        try recorded.allow("trace_id", "span_id", "parent_id", "baggage")
        let context = try #require(context as? MockSpanContext)
        #expect(String(context.traceID, radix: 16) == recorded["trace_id"]?.string)
        #expect(String(context.spanID, radix: 16) == recorded["span_id"]?.string)
        #expect(context.baggageItems == (try TypedValues.baggage(recorded)))
    }

    func propagate(_ operation: JSONObject) throws {
        try operation.allow("op", "as", "what", "format", "carrier", "result", "error")
        let format = Format(rawValue: try operation.text("format"))
        let expected = try operation["error"].map { try code(#require($0["type"]?.string)) }
        do throws(OpenTracingError) {
            if operation["op"]?.string == "inject" {
                try inject(operation, format)
            } else if try !extract(operation, format) {
                // A carrier without a context is none of an error here; the article on Jaeger's client tells why.
                return #expect(expected == .spanContextCorrupted)
            }
            #expect(expected == nil)
        } catch {
            #expect(error.code == expected, "\(error)")
        }
    }

    private func inject(_ operation: JSONObject, _ format: Format) throws(OpenTracingError) {
        guard let what = operation["what"], let context = try? target(what)?.parentContext else {
            Issue.record("\(operation)")
            return
        }
        var carrier = TextMap()
        try tracer.inject(context, as: format, into: &carrier)
        let recorded = try? operation.pairs("result").map { ($0.key, $0.value.string ?? "") }
        #expect(carrier.dictionary == recorded.map { Dictionary(uniqueKeysWithValues: $0) })
    }

    /// Whether there was a context.
    private func extract(_ operation: JSONObject, _ format: Format) throws(OpenTracingError) -> Bool {
        let carrier: Carrier
        if let hex = operation["carrier"]?.string {
            #expect(hex.isEmpty, "the reference's bytes are pickled Python objects")
            carrier = .binary([])
        } else {
            let pairs = try? operation.pairs("carrier").map { ($0.key, $0.value.string ?? "") }
            #expect(pairs != nil)
            carrier = .text(TextMap(pairs ?? []))
        }
        let context = try tracer.extract(format, from: carrier)
        guard let context else { return false }
        guard let name = operation["as"]?.string, let result = operation["result"]?.object else {
            Issue.record("\(operation)")
            return true
        }
        contexts[name] = context
        do { try check(context, against: result) } catch { Issue.record(error) }
        return true
    }

    /// Our code for a Python exception. Digits that are none raise ValueError there; the specification asks for a
    /// corrupted context.
    private func code(_ exception: String) throws -> OpenTracingError.Code {
        switch exception {
        case "SpanContextCorruptedException", "ValueError": .spanContextCorrupted
        case "UnsupportedFormatException": .unsupportedFormat
        case "InvalidCarrierException": .invalidCarrier
        default: throw UnknownVector(description: "the exception \(exception)")
        }
    }
}

import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension JaegerScript {
    func start(_ operation: JSONObject) throws {
        let (span, scope) = try ScriptedSpans.start(operation, on: tracer, target: target)
        if let scope { scopes[try operation.text("scope")] = scope }
        spans[try operation.text("as")] = span
        let recorded = try JaegerSpanContext(#require(operation["result"]?.object))
        #expect((span as? JaegerSpan)?.jaegerContext == recorded)
    }

    private func target(_ json: JSON) throws -> (any SpanParent)? {
        if json.isNull { return nil }
        if let span = json["span"]?.string.flatMap({ spans[$0] }) { return span }
        if let span = json["context_of"]?.string.flatMap({ spans[$0] }) { return span.context }
        // What was extracted may have been nothing.
        if let name = json["context"]?.string { return contexts[name] }
        throw UnknownVector(description: "the target \(json)")
    }

    func propagate(_ operation: JSONObject) throws {
        try operation.allow("op", "as", "what", "format", "carrier", "result", "error")
        let format = Format(rawValue: try operation.text("format"))
        let expected = try operation["error"].map { try code(#require($0["type"]?.string)) }
        do {
            if operation["op"]?.string == "inject" {
                try inject(operation, format)
            } else {
                try extract(operation, format)
            }
            #expect(expected == nil)
        } catch let error as OpenTracingError {
            #expect(error.code == expected, "\(error)")
        }
    }

    private func inject(_ operation: JSONObject, _ format: Format) throws {
        // What is no context of Jaeger, as null in Python, is another tracer's here.
        let context = try operation["what"].flatMap(target)?.parentContext ?? NoopSpanContext()
        if format == .binary {
            var bytes: [UInt8] = []
            try tracer.inject(context, as: format, into: &bytes)
            #expect(TypedValues.hex(bytes) == operation["result"]?.string)
            return
        }
        var carrier = TextMap()
        try tracer.inject(context, as: format, into: &carrier)
        let recorded = try operation.pairs("result").map { ($0.key, $0.value.string ?? "") }
        #expect(carrier.dictionary == Dictionary(uniqueKeysWithValues: recorded))
    }

    private func extract(_ operation: JSONObject, _ format: Format) throws {
        let carrier: Carrier =
            if let hex = operation["carrier"]?.string {
                .binary(try #require(TypedValues.bytes(hex)))
            } else {
                .text(TextMap(try operation.pairs("carrier").map { ($0.key, $0.value.string ?? "") }))
            }
        let context = try tracer.extract(format, from: carrier)
        guard let result = operation["result"]?.object else { return #expect(context == nil) }
        #expect(context as? JaegerSpanContext == (try JaegerSpanContext(result)))
        contexts[try operation.text("as")] = context
    }
}

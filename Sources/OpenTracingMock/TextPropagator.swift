import OpenTracing

/// `ot-tracer-traceid` and `ot-tracer-spanid` in hexadecimal digits, `ot-baggage-…` as it is.
struct TextPropagator: MockPropagator {
    private static let traceID = "ot-tracer-traceid"
    private static let spanID = "ot-tracer-spanid"
    private static let baggage = "ot-baggage-"

    func inject(_ context: MockSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        guard case .text(var map) = carrier else { throw .invalidCarrier("a map is needed, not bytes") }
        map[Self.traceID] = String(context.traceID, radix: 16)
        map[Self.spanID] = String(context.spanID, radix: 16)
        for (key, value) in context.baggage.sorted(by: { $0.key < $1.key }) { map[Self.baggage + key] = value }
        carrier = .text(map)
    }

    func extract(from carrier: Carrier) throws(OpenTracingError) -> MockSpanContext? {
        guard case .text(let map) = carrier else { throw .invalidCarrier("a map is needed, not bytes") }
        var traceID: UInt64?
        var spanID: UInt64?
        var baggage: TextDictionary<String?> = [:]
        for (key, value) in map.entries {
            let key = key.lowercased()
            if key == Self.traceID {
                traceID = try number(value)
            } else if key == Self.spanID {
                spanID = try number(value)
            } else if key.utf8.starts(with: Self.baggage.utf8) {
                baggage[String(decoding: key.utf8.dropFirst(Self.baggage.utf8.count), as: UTF8.self)] = value
            }
        }
        if traceID == nil, spanID == nil { return nil }
        guard let traceID, let spanID else {
            throw .spanContextCorrupted("\(Self.traceID) and \(Self.spanID) are needed both")
        }
        return MockSpanContext(traceID: traceID, spanID: spanID, baggageItems: baggage)
    }

    private func number(_ text: String) throws(OpenTracingError) -> UInt64 {
        // The initializer allows a sign.
        guard text.utf8.first != UInt8(ascii: "+"), let number = UInt64(text, radix: 16) else {
            throw .spanContextCorrupted("\"\(text)\" is no hexadecimal number of 64 bits")
        }
        return number
    }
}

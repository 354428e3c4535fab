public import OpenTracing

extension Format {
    /// Zipkin's ids as a map of decimal numbers: `trace_id`, `span_id`, `parent_id`, `traceflags`.
    public static let zipkin = Format(rawValue: "zipkin-span-format")
}

/// Zipkin's ids as a map of decimal numbers: see `Format.zipkin`. Baggage is not carried.
public struct ZipkinCodec: ContextCodec {
    /// Makes a codec.
    public init() {}

    /// Writes the four numbers; `parent_id` only when there is a parent.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        var map = try carrier.map
        map["trace_id"] = String(context.traceID)
        map["span_id"] = String(context.spanID)
        map["parent_id"] = context.parentID.map { String($0) }
        map["traceflags"] = String(context.flags.rawValue)
        carrier = .text(map)
    }

    /// Reads the four numbers; without a trace id there is no context.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        let map = try carrier.map
        let traceID: UInt128 = try number("trace_id", in: map)
        guard traceID != 0 else { return nil }
        return JaegerSpanContext(
            traceID: traceID,
            spanID: try number("span_id", in: map),
            parentID: try number("parent_id", in: map),
            flags: SpanFlags(rawValue: try number("traceflags", in: map))
        )
    }

    private func number<Number: FixedWidthInteger>(
        _ key: String,
        in map: TextMap
    ) throws(OpenTracingError) -> Number {
        guard let text = map[key] else { return 0 }
        guard let number = Number(text) else {
            throw .spanContextCorrupted("\(key) is no number of \(Number.bitWidth) bits: \"\(text.prefix(200))\"")
        }
        return number
    }
}

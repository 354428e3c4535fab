public import OpenTracing

/// The W3C's headers `traceparent` and `tracestate`. Of the flags travel the decision to sample, and that the trace's
/// number is random.
public struct TraceContextCodec: ContextCodec {
    static let parentHeader = "traceparent"
    static let stateHeader = "tracestate"
    private static let sampled: UInt8 = 1
    private static let random: UInt8 = 2

    /// Makes a codec.
    public init() {}

    /// Writes the headers; nothing for a context without a trace.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        var map = try carrier.map
        guard context.hasTrace else { return }
        let (traceID, spanID) = (
            Hexadecimal.padded(context.traceID, to: 32), Hexadecimal.padded(context.spanID, to: 16)
        )
        let flags = (context.isSampled ? Self.sampled : 0) | (context.hasRandomTraceID ? Self.random : 0)
        map[Self.parentHeader] = "00-\(traceID)-\(spanID)-0\(flags)"
        if !context.traceState.entries.isEmpty { map[Self.stateHeader] = context.traceState.header }
        carrier = .text(map)
    }

    /// Reads the headers. By the recommendation a malformed `traceparent` is as none, and so are several.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        let entries = try carrier.map.entries
        let parents = entries.filter { $0.key.lowercased() == Self.parentHeader }
        guard let parent = parents.first, parents.count == 1, var context = Self.parse(parent.value) else { return nil }
        let states = entries.filter { $0.key.lowercased() == Self.stateHeader }.map(\.value)
        context.traceState = TraceState(header: states.joined(separator: ",")) ?? TraceState()
        return context
    }

    private static func parse(_ header: String) -> JaegerSpanContext? {
        let parts = header.trimmingBlanks.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, let version = number(parts[0], digits: 2, as: UInt8.self), version != 0xff,
            version != 0 || parts.count == 4,
            let traceID = number(parts[1], digits: 32, as: UInt128.self),
            let spanID = number(parts[2], digits: 16, as: UInt64.self),
            let flags = number(parts[3], digits: 2, as: UInt8.self)
        else { return nil }
        var context = JaegerSpanContext(
            traceID: traceID,
            spanID: spanID,
            flags: flags & sampled == 0 ? [] : .sampled
        )
        context.hasRandomTraceID = flags & random != 0
        return context.hasTrace ? context : nil
    }

    /// A number of exactly so many lower-case digits.
    private static func number<Number: FixedWidthInteger>(
        _ text: Substring,
        digits: Int,
        as type: Number.Type
    ) -> Number? {
        let isLowerCase = text.utf8.allSatisfy { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        guard text.utf8.count == digits, isLowerCase else { return nil }
        return Hexadecimal.number(text, as: type)
    }
}

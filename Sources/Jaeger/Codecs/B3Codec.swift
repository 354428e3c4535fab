public import OpenTracing

/// Zipkin's headers `X-B3-TraceId`, `X-B3-SpanId`, `X-B3-ParentSpanId`, `X-B3-Sampled` and `X-B3-Flags`. Baggage is not
/// carried.
public struct B3Codec: ContextCodec {
    /// Whose ways are followed where they differ.
    public enum Convention: Sendable, Hashable {
        /// Jaeger's clients: nothing is written of a trace that is not sampled, and the header `b3` is not read.
        case jaeger
        /// OpenTelemetry's propagators: the decision is always written, and the header `b3` is read too.
        case openTelemetry
    }

    private static let traceID = "X-B3-TraceId"
    private static let spanID = "X-B3-SpanId"
    private static let parentID = "X-B3-ParentSpanId"
    private static let sampled = "X-B3-Sampled"
    private static let flags = "X-B3-Flags"

    private let traceIDWidth: Int
    private let convention: Convention

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - writes128Bits: whether trace ids are written with 32 digits even when 16 would do.
    ///   - convention: whose ways are followed.
    public init(writes128Bits: Bool = false, convention: Convention = .jaeger) {
        traceIDWidth = writes128Bits ? 32 : 16
        self.convention = convention
    }

    /// Writes the identity, and that the trace is sampled or asked for if it is.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        var map = try carrier.map
        guard context.hasTrace else { return }
        map[Self.traceID] = Hexadecimal.padded(context.traceID, to: traceIDWidth)
        map[Self.spanID] = Hexadecimal.padded(context.spanID, to: 16)
        if let parentID = context.parentID { map[Self.parentID] = Hexadecimal.padded(parentID, to: 16) }
        if context.isDebug {
            map[Self.flags] = "1"
        } else if context.isSampled {
            map[Self.sampled] = "1"
        } else if convention == .openTelemetry {
            map[Self.sampled] = "0"
        }
        carrier = .text(map)
    }

    /// Reads the identity. Without a decision upstream the trace is not sampled; one that is asked for is.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        let map = try carrier.map
        if convention == .openTelemetry, let context = B3SingleCodec.read(map) { return context }
        return try Self.read(map)
    }

    static func read(_ map: TextMap) throws(OpenTracingError) -> JaegerSpanContext? {
        var context = JaegerSpanContext(baggage: [:])
        for (key, value) in map.entries {
            switch key.lowercased() {
            case "x-b3-traceid": context.traceID = try number(value)
            case "x-b3-spanid": context.spanID = try number(value)
            case "x-b3-parentspanid":
                let parentID: UInt64 = try number(value)
                context.parentID = parentID == 0 ? nil : parentID
            case "x-b3-sampled": if value == "1" { context.flags.insert(.sampled) }
            case "x-b3-flags": if value == "1" { context.flags.formUnion([.sampled, .debug]) }
            default: break
            }
        }
        return context.hasTrace ? context : nil
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: some StringProtocol
    ) throws(OpenTracingError) -> Number {
        guard let number = Hexadecimal.number(text, as: Number.self) else {
            throw .spanContextCorrupted("\"\(text.prefix(200))\" is no hexadecimal number of \(Number.bitWidth) bits")
        }
        return number
    }
}

/// Zipkin's single header, `b3: trace-span-decision-parent`; those of ``B3Codec`` are read too. Baggage is not carried.
public struct B3SingleCodec: ContextCodec {
    /// Makes a codec.
    public init() {}

    /// Writes the header.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        var map = try carrier.map
        guard context.hasTrace else { return }
        let decision = context.isDebug ? "d" : context.isSampled ? "1" : "0"
        var parts = [Hexadecimal.padded(context.traceID, to: 32), Hexadecimal.padded(context.spanID, to: 16), decision]
        if let parentID = context.parentID { parts.append(Hexadecimal.padded(parentID, to: 16)) }
        map["b3"] = parts.joined(separator: "-")
        carrier = .text(map)
    }

    /// Reads the header. One that is malformed, or holds a decision alone, is as none. Without a decision the trace is
    /// sampled: who sent it deferred to us.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        let map = try carrier.map
        if let context = Self.read(map) { return context }
        return try B3Codec.read(map)
    }

    static func read(_ map: TextMap) -> JaegerSpanContext? {
        guard let header = map.entries.last(where: { $0.key.lowercased() == "b3" })?.value else { return nil }
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard (2...4).contains(parts.count),
            let traceID = Hexadecimal.number(parts[0], as: UInt128.self),
            let spanID = Hexadecimal.number(parts[1], as: UInt64.self)
        else { return nil }
        var context = JaegerSpanContext(traceID: traceID, spanID: spanID)
        switch parts.count > 2 ? parts[2] : "1" {
        case "1": context.flags = .sampled
        case "d": context.flags = [.sampled, .debug]
        default: break
        }
        if parts.count > 3 {
            guard let parentID = Hexadecimal.number(parts[3], as: UInt64.self) else { return nil }
            context.parentID = parentID == 0 ? nil : parentID
        }
        return context.hasTrace ? context : nil
    }
}

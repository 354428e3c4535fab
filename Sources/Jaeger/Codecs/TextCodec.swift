public import OpenTracing

/// Jaeger's own headers: `uber-trace-id`, `uberctx-…` for baggage, and those that people set by hand: `jaeger-debug-id`
/// and `jaeger-baggage`.
///
/// Names of headers ignore case when read, and `_` in the configured names stands for `-`.
///
/// A trace that comes by the W3C's headers is continued too, with its baggage. What only these can carry, `tracestate`, is
/// handed on by them, beside Jaeger's.
public struct TextCodec: ContextCodec {
    /// The names of Jaeger's headers.
    public struct Headers: Sendable, Hashable {
        /// The header of a context's identity.
        public var traceID = "uber-trace-id"
        /// What the header of a baggage item begins with.
        public var baggagePrefix = "uberctx-"
        /// The header that asks for a trace.
        public var debugID = "jaeger-debug-id"
        /// The header of baggage set by hand, `k1=v1, k2=v2`.
        public static let baggage = "jaeger-baggage"

        /// Jaeger's default names.
        public init() {}

        var normalized: Headers {
            var copy = self
            for name in [\Headers.traceID, \Headers.baggagePrefix, \Headers.debugID] {
                copy[keyPath: name] = String(copy[keyPath: name].lowercased().map { $0 == "_" ? "-" : $0 })
            }
            return copy
        }
    }

    private let headers: Headers
    private let encodesValues: Bool

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - headers: the names of the headers.
    ///   - encodesValues: whether values are percent-encoded, as HTTP headers need it.
    public init(headers: Headers = Headers(), encodesValues: Bool) {
        self.headers = headers.normalized
        self.encodesValues = encodesValues
    }

    /// Writes the identity, if there is one, and a header for each baggage item.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        var map = try carrier.map
        if context.hasTrace { map[headers.traceID] = context.description }
        if !context.baggage.isEmpty {
            map.set(
                context.baggage.map { key, value in
                    (headers.baggagePrefix + key, encodesValues ? PercentEncoding.encode(value, keeping: "/") : value)
                }
            )
        }
        carrier = .text(map)
        if !context.traceState.entries.isEmpty { try TraceContextCodec().inject(context, into: &carrier) }
    }

    /// Reads the identity, baggage and the debug id, whichever is there.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        var context = JaegerSpanContext(baggage: [:])
        var (hasOthers, hasTraceState) = (false, false)
        for entry in try carrier.map.entries {
            let key = entry.key.lowercased()
            let value = encodesValues ? PercentEncoding.decode(entry.value) : entry.value
            if key == headers.traceID {
                try read(value, into: &context)
            } else if key.utf8.starts(with: headers.baggagePrefix.utf8) {
                let name = String(decoding: key.utf8.dropFirst(headers.baggagePrefix.utf8.count), as: UTF8.self)
                context.baggage[name] = value
            } else if key == headers.debugID {
                context.debugID = value.isEmpty ? nil : value
            } else if key == Headers.baggage {
                readList(value, into: &context.baggage)
            } else if key == TraceContextCodec.stateHeader {
                hasTraceState = true
            } else if key == TraceContextCodec.parentHeader || key == BaggageCodec.header {
                hasOthers = true
            }
        }
        if !context.hasTrace, hasOthers {
            if let other = try CompositeCodec.w3c.extract(from: carrier) { context = context.merging(other) }
        } else if hasTraceState, let other = try TraceContextCodec().extract(from: carrier),
            other.traceID == context.traceID
        {
            context.traceState = other.traceState
            context.hasRandomTraceID = other.hasRandomTraceID
        }
        return context.hasTrace || context.debugID != nil || !context.baggage.isEmpty ? context : nil
    }

    private func read(_ value: String, into context: inout JaegerSpanContext) throws(OpenTracingError) {
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4,
            let traceID = Hexadecimal.number(parts[0], as: UInt128.self), traceID != 0,
            let spanID = Hexadecimal.number(parts[1], as: UInt64.self), spanID != 0,
            let parentID = Hexadecimal.number(parts[2], as: UInt64.self),
            let flags = Hexadecimal.number(parts[3], as: UInt8.self)
        else {
            throw .spanContextCorrupted("\(headers.traceID) is not trace:span:parent:flags: \"\(value.prefix(200))\"")
        }
        context.traceID = traceID
        context.spanID = spanID
        context.parentID = parentID == 0 ? nil : parentID
        context.flags = SpanFlags(rawValue: flags)
    }

    private func readList(_ list: String, into baggage: inout Baggage) {
        for item in list.split(separator: ",") {
            let parts = item.trimmingBlanks.split(separator: "=", omittingEmptySubsequences: false)
            if parts.count == 2 { baggage[String(parts[0])] = String(parts[1]) }
        }
    }
}

public import OpenTracing

/// The W3C's header `baggage`. Beside a ``TraceContextCodec`` in a ``CompositeCodec`` it carries what that one does not.
public struct BaggageCodec: ContextCodec {
    static let header = "baggage"
    private static let maxItems = 180
    private static let maxItemBytes = 4096
    private static let maxBytes = 8192

    /// Makes a codec.
    public init() {}

    /// Writes the header, if there is baggage: at most 180 items, of at most 4096 bytes each and 8192 in all. A key that is
    /// no token of HTTP cannot be written, and is left out.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        var map = try carrier.map
        var header = ""
        let items = context.baggage.filter { $0.key.isToken }.sorted { $0.key < $1.key }
        for (key, value) in items.prefix(Self.maxItems) {
            let item = (header.isEmpty ? "" : ",") + key + "=" + PercentEncoding.encode(value)
            guard item.utf8.count <= Self.maxItemBytes, header.utf8.count + item.utf8.count <= Self.maxBytes else {
                continue
            }
            header += item
        }
        if !header.isEmpty { map[Self.header] = header }
        carrier = .text(map)
    }

    /// Reads the header. Malformed items and properties behind `;` are left out, as are items beyond the limits.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        let headers = try carrier.map.entries.filter { $0.key.lowercased() == Self.header }.map(\.value)
        let header = headers.joined(separator: ",")
        guard header.utf8.count <= Self.maxBytes else { return nil }
        var baggage = Baggage()
        for item in header.split(separator: ",").prefix(Self.maxItems) where item.utf8.count <= Self.maxItemBytes {
            let pair = item.prefix { $0 != ";" }
            guard let equals = pair.firstIndex(of: "=") else { continue }
            let (key, value) = (pair[..<equals].trimmingBlanks, pair[pair.index(after: equals)...].trimmingBlanks)
            guard key.isToken, value.utf8.allSatisfy(Self.isValueByte) else { continue }
            baggage[String(key)] = PercentEncoding.decode(value)
        }
        if baggage.isEmpty { return nil }
        var context = JaegerSpanContext(baggage: baggage)
        context.leavesSamplingOpen = true
        return context
    }

    private static func isValueByte(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) && !"\",;\\".utf8.contains(byte)
    }
}

extension StringProtocol {
    /// Whether it is a token of RFC 9110.
    var isToken: Bool {
        !isEmpty && utf8.allSatisfy { (0x21...0x7e).contains($0) && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
    }
}

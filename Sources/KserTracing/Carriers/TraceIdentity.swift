import OpenTracing

/// Who a span is, in numbers, as the headers of Jaeger, W3C, B3 and the mock tracer tell it.
///
/// OpenTracing keeps it from us: what a tracer writes is read, and what it reads is written, whichever of them it uses.
struct TraceIdentity: Equatable {
    var traceID: UInt128
    var spanID: UInt64
    /// 0 when there is none.
    var parentID: UInt64 = 0
    /// 1: sampled, 2: debug.
    var flags: UInt8 = 1
}

extension TraceIdentity {
    /// The first identity that headers tell; nil when there is none that is well formed.
    init?(_ map: TextMap) {
        var headers: [String: String] = [:]
        var parents = 0
        for (name, value) in map.entries {
            let name = name.lowercased()
            if name == Header.traceparent { parents += 1 }
            headers[name] = value
        }
        // By the W3C's recommendation several are as none.
        if parents == 1, let text = headers[Header.traceparent], let identity = Self(traceparent: text) {
            self = identity
        } else if let text = headers[Header.uber], let identity = Self(uber: text) {
            self = identity
        } else if let trace = headers[Header.b3Trace], let span = headers[Header.b3Span] {
            guard let identity = Self(trace, span) else { return nil }
            self = identity
            flags = headers[Header.b3Flags] == "1" ? 3 : headers[Header.b3Sampled] == "0" ? 0 : 1
            parentID = headers[Header.b3Parent].flatMap { Self.number($0) } ?? 0
        } else if let trace = headers[Header.mockTrace], let span = headers[Header.mockSpan],
            let identity = Self(trace, span)
        {
            self = identity
        } else {
            return nil
        }
    }

    private init?(traceparent text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let lengths = parts.prefix(4).map(\.utf8.count)
        let isLowerCase = text.utf8.allSatisfy { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
        guard lengths == [2, 32, 16, 2], isLowerCase, let version: UInt8 = Self.number(String(parts[0])),
            // Versions to come may have more behind.
            version != 0xff, version != 0 || parts.count == 4,
            let flags: UInt8 = Self.number(String(parts[3])),
            let identity = Self(String(parts[1]), String(parts[2]))
        else { return nil }
        self = identity
        self.flags = flags & 1
    }

    private init?(uber text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let identity = Self(parts[0], parts[1]), let parent: UInt64 = Self.number(parts[2]),
            let flags: UInt8 = Self.number(parts[3])
        else { return nil }
        self = identity
        parentID = parent
        self.flags = flags
    }

    private init?(_ trace: String, _ span: String) {
        guard let trace: UInt128 = Self.number(trace), let span: UInt64 = Self.number(span), trace != 0, span != 0
        else { return nil }
        self.init(traceID: trace, spanID: span)
    }

    private static func number<Number: FixedWidthInteger>(_ text: String) -> Number? {
        // The initializer allows a sign.
        guard text.utf8.first != UInt8(ascii: "+"), text.utf8.first != UInt8(ascii: "-") else { return nil }
        return Number(text, radix: 16)
    }
}

extension TraceIdentity {
    enum Header {
        static let traceparent = "traceparent"
        static let uber = "uber-trace-id"
        static let b3Trace = "x-b3-traceid"
        static let b3Span = "x-b3-spanid"
        static let b3Parent = "x-b3-parentspanid"
        static let b3Sampled = "x-b3-sampled"
        static let b3Flags = "x-b3-flags"
        static let mockTrace = "ot-tracer-traceid"
        static let mockSpan = "ot-tracer-spanid"

        /// Those that only tell who a span is.
        static let all: Set = [
            traceparent, uber, b3Trace, b3Span, b3Parent, b3Sampled, b3Flags, mockTrace, mockSpan,
        ]
    }

    /// The W3C header's value.
    var traceparent: String { "00-\(hex(traceID, 32))-\(hex(spanID, 16))-\(hex(flags & 1, 2))" }

    /// The Jaeger header's value.
    var uber: String {
        "\(String(traceID, radix: 16)):\(String(spanID, radix: 16)):\(String(parentID, radix: 16))"
            + ":\(String(flags, radix: 16))"
    }

    /// Headers of which each tracer knows some.
    var headers: TextMap {
        [
            Header.traceparent: traceparent,
            Header.uber: uber,
            Header.b3Trace: hex(traceID, traceID >> 64 == 0 ? 16 : 32),
            Header.b3Span: hex(spanID, 16),
            Header.b3Sampled: flags & 1 == 1 ? "1" : "0",
            Header.mockTrace: String(traceID, radix: 16),
            Header.mockSpan: String(spanID, radix: 16),
        ]
    }

    private func hex(_ number: some FixedWidthInteger, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

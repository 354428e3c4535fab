import Jaeger
import OpenTracing
import Testing

/// The W3C's recommendation, levels 1 and 2: what a service hands on of what came.
@Suite(.timeLimit(.minutes(1)))
struct TraceContextTests {
    typealias Header = TextMap.Entry

    static let traceID = "12345678901234567890123456789012"
    static let parent = "00-\(traceID)-1234567890123456-01"

    /// What a span under the given headers is written to.
    private func forward(_ headers: [Header], _ format: Format = .httpHeaders) throws -> [String: String] {
        var configuration = try JaegerConfiguration(environment: ["OTEL_TRACES_EXPORTER": "none"], log: .none)
        configuration.options.uses128BitTraceIDs = true
        let tracer = try configuration.makeJaegerTracer()
        let context = try tracer.extract(format, from: TextMap(headers))
        var carrier = Carrier.text(TextMap())
        try tracer.inject(tracer.startSpan("roll", childOf: context).context, as: format, into: &carrier)
        guard case .text(let map) = carrier else { return [:] }
        return map.dictionary
    }

    private func state(_ headers: [String]) throws -> String? {
        try forward([("traceparent", Self.parent)] + headers.map { ("tracestate", $0) })["tracestate"]
    }

    static let joined: [[Header]] = [
        [("traceparent", parent)], [("TraceParent", parent)], [("TRACEPARENT", parent)],
        [("traceparent", " \(parent)")],
        [("traceparent", "\t \(parent) \t")], [("traceparent", "cc\(parent.dropFirst(2))")],
        [("traceparent", "cc\(parent.dropFirst(2))-what-will-be")], [("traceparent", "\(parent.dropLast(2))00")],
        [("traceparent", "\(parent.dropLast(2))ff")],
    ]

    @Test(arguments: joined)
    func joins(_ headers: [Header]) throws {
        let parts = try #require(try forward(headers)["traceparent"]).split(separator: "-")
        #expect(parts[0] == "00" && parts[1] == Self.traceID && parts[2] != "1234567890123456")
        #expect(
            parts[3].hasSuffix(headers[0].value.contains("6-00") ? "0" : headers[0].value.contains("ff") ? "3" : "1")
        )
    }

    static let unjoined: [[Header]] = [
        [], [("traceparent", parent), ("traceparent", "\(parent.dropLast(2))00")],
        [("traceparent", parent), ("TraceParent", parent)], [("trace-parent", parent)], [("trace.parent", parent)],
        [("traceparent", "\(parent).")], [("traceparent", "\(parent)-more")],
        [("traceparent", "cc\(parent.dropFirst(2)).what-will-be")], [("traceparent", "ff\(parent.dropFirst(2))")],
        [("traceparent", ".\(parent.dropFirst(1))")], [("traceparent", "0\(parent)")],
        [("traceparent", "00\(parent)")], [("traceparent", "\(parent.dropFirst(1))")], [("traceparent", "")],
        [("traceparent", "00-\(String(repeating: "0", count: 32))-1234567890123456-01")],
        [("traceparent", "00-\(traceID)-0000000000000000-01")], [("traceparent", "00-\(traceID)1-1234567890123456-01")],
        [("traceparent", "00-.\(traceID.dropFirst())-1234567890123456-01")],
        [("traceparent", "00-\(traceID.dropLast())-1234567890123456-01")],
        [("traceparent", "00-\(traceID)-123456789012345.-01")], [("traceparent", "00-\(traceID)-12345678901234567-01")],
        [("traceparent", "00-\(traceID)-123456789012345-01")], [("traceparent", "\(parent.dropLast(2)).0")],
        [("traceparent", "\(parent.dropLast(2))0.")], [("traceparent", "\(parent.dropLast(2))001")],
        [("traceparent", "\(parent.dropLast(2))1")], [("traceparent", "00-\(traceID)-ABCDEF7890123456-01")],
        [("traceparent", "0A\(parent.dropFirst(2))")], [("traceparent", "\(parent.dropLast(2))+1")],
    ]

    /// Another trace begins, whose number is random, and nothing of the state comes with it.
    @Test(arguments: unjoined)
    func begins(_ headers: [Header]) throws {
        let forwarded = try forward(headers + [("tracestate", "foo=1")])
        let parts = try #require(forwarded["traceparent"]).split(separator: "-")
        #expect(parts.map(\.utf8.count) == [2, 32, 16, 2] && parts[1] != Self.traceID && parts[3] == "03")
        #expect(forwarded["tracestate"] == nil)
    }

    @Test(arguments: [("02", "02"), ("03", "03"), ("00", "00"), ("01", "01"), ("fc", "00")])
    func flags(_ given: String, _ expected: String) throws {
        let forwarded = try forward([("traceparent", "\(Self.parent.dropLast(2))\(given)")])
        #expect(forwarded["traceparent"]?.hasSuffix("-\(expected)") == true)
    }

    static let characters = String(
        (0x20...0x7e).filter { $0 != 0x2c && $0 != 0x3d }.map { Character(UnicodeScalar($0)) }
    )
    static let members = (1...33).map { "bar\($0)=\($0)" }

    static let states: [([String], String?)] = [
        (["foo=1,bar=2"], "foo=1,bar=2"), (["foo=1,bar=2", "rojo=1", "baz=3"], "foo=1,bar=2,rojo=1,baz=3"), ([""], nil),
        (["foo=1", ""], "foo=1"), (["", "foo=1"], "foo=1"), (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (["\t foo=1 \t"], "foo=1"), (["foo=1,,bar=2"], "foo=1,bar=2"),
        // One of a key.
        (["foo=1,foo=1"], "foo=1"), (["foo=1,foo=2"], "foo=1"), (["foo=1", "bar=2,foo=2"], "foo=1,bar=2"),
        // Keys.
        (["foo@=1,bar=2"], "foo@=1,bar=2"), (["foo@@bar=1"], "foo@@bar=1"), (["foo@bar@baz=1"], "foo@bar@baz=1"),
        (["@foo=1,bar=2"], nil), (["0foo=1"], "0foo=1"), (["-foo=1"], nil), (["foo =1"], nil), (["FOO=1"], nil),
        (["foo.bar=1"], nil), (["=1"], nil), (["foo"], nil), (["é=1"], nil),
        (["az09_-*/@a=\(characters)"], "az09_-*/@a=\(characters)"),
        (["foo=1", "\(String(repeating: "z", count: 256))=1"], "foo=1,\(String(repeating: "z", count: 256))=1"),
        (["foo=1", "\(String(repeating: "z", count: 257))=1"], nil),
        (["\(String(repeating: "t", count: 242))@v=1"], "\(String(repeating: "t", count: 242))@v=1"),
        (["t@\(String(repeating: "v", count: 15))=1"], "t@\(String(repeating: "v", count: 15))=1"),
        // Values.
        (["foo=bar=baz"], nil), (["foo=,bar=3"], nil), (["foo=\u{7f}"], nil), (["foo=é"], nil),
        (["foo=\(String(repeating: "v", count: 256))"], "foo=\(String(repeating: "v", count: 256))"),
        (["foo=\(String(repeating: "v", count: 257))"], nil),
        // How many.
        (
            [members.prefix(10).joined(separator: ","), members[10..<32].joined(separator: ",")],
            members.prefix(32).joined(separator: ",")
        ),
        ([members.prefix(10).joined(separator: ","), members[10...].joined(separator: ",")], nil),
    ]

    @Test(arguments: states)
    func state(_ headers: [String], _ expected: String?) throws { #expect(try state(headers) == expected) }

    /// Names of other headers do not count.
    @Test(arguments: ["trace-state", "trace.state"])
    func otherNames(_ name: String) throws {
        #expect(try forward([("traceparent", Self.parent), (name, "foo=1")])["tracestate"] == nil)
    }

    /// Each span that goes out has a number of its own.
    @Test func manySpans() throws {
        let forwarded = try (0..<3).map { _ in try #require(try forward([("traceparent", Self.parent)])["traceparent"])
        }
        #expect(Set(forwarded).count == 3)
    }

    /// Baggage does not decide about a trace.
    @Test func baggageAlone() throws {
        let forwarded = try forward([("baggage", "user=ann,k%20y=a%20b,b[d=1")])
        #expect(forwarded["traceparent"]?.hasSuffix("-03") == true)
        // A key is a token, with no escapes in it.
        #expect(forwarded["baggage"] == "k%20y=a%20b,user=ann")
    }

    /// Jaeger's own headers continue what came by the W3C's, and hand on what only these carry.
    @Test(arguments: [Format.httpHeaders, .textMap])
    func byJaegersHeaders(_ format: Format) throws {
        let tracer = JaegerTracer(serviceName: "dice", sampler: ConstSampler(true), reporter: NullReporter())
        let headers = ["Traceparent": Self.parent, "tracestate": "foo=1", "baggage": "userId=ann"]
        let context = try tracer.extract(format, from: headers)
        let span = tracer.startSpan("roll", childOf: context)
        #expect(span.baggageItem("userId") == "ann")
        var forwarded: [String: String] = [:]
        try tracer.inject(span.context, as: format, into: &forwarded)
        #expect(forwarded["uber-trace-id"]?.hasPrefix("\(Self.traceID):") == true)
        #expect(forwarded["traceparent"]?.hasPrefix("00-\(Self.traceID)-") == true)
        #expect(forwarded["tracestate"] == "foo=1" && forwarded["uberctx-userId"] == "ann")
        // Both kinds together, of one trace and of two.
        let again = try #require(try tracer.extract(format, from: forwarded) as? JaegerSpanContext)
        #expect(again.traceState.header == "foo=1")
        forwarded["uber-trace-id"] = "5:6:0:1"
        let other = try #require(try tracer.extract(format, from: forwarded) as? JaegerSpanContext)
        #expect(other.traceID == 5 && other.traceState.entries.isEmpty)
        // Two of them are none here too.
        let doubled = TextMap([("traceparent", Self.parent), ("TraceParent", Self.parent)] as [Header])
        #expect(try tracer.extract(format, from: doubled) == nil)
    }

    /// Both forms of B3 are read, whichever is written, and the decision is always written.
    @Test(arguments: [SpanFlags(), .sampled, [.sampled, .debug]])
    func b3(_ flags: SpanFlags) throws {
        let (single, several) = (B3SingleCodec(), B3Codec(writes128Bits: true, convention: .openTelemetry))
        let context = JaegerSpanContext(traceID: 5, spanID: 6, parentID: 7, flags: flags)
        for (writer, reader) in [(single, several), (several, single)] as [(any ContextCodec, any ContextCodec)] {
            var carrier = Carrier.text(TextMap())
            try writer.inject(context, into: &carrier)
            #expect(try reader.extract(from: carrier) == context)
        }
        var carrier = Carrier.text(TextMap())
        try several.inject(context, into: &carrier)
        guard case .text(let map) = carrier else { return }
        #expect(map["X-B3-Sampled"] == (flags.contains(.debug) ? nil : flags.contains(.sampled) ? "1" : "0"))
    }
}

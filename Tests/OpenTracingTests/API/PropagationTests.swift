import OpenTracing
import OpenTracingMock
import Testing

/// What the vectors leave open of the mock tracer's carriers.
@Suite struct PropagationTests {
    let tracer = MockTracer()

    private func code(_ format: Format, _ carrier: Carrier) -> OpenTracingError.Code? {
        do throws(OpenTracingError) {
            _ = try tracer.extract(format, from: carrier)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func binaryKeepsAll() throws {
        let items: TextDictionary<String?> = ["cl\u{e9}": "\u{0}é", "cle\u{301}": "2", "": "", "none": nil]
        let context = MockSpanContext(traceID: .max, spanID: 1, baggageItems: items)
        var bytes: [UInt8] = []
        try tracer.inject(context, into: &bytes)
        #expect(try tracer.extract(from: bytes) as? MockSpanContext == context)
        #expect(try tracer.extract(from: [UInt8]()) == nil)
        for length in 1..<bytes.count {
            #expect(code(.binary, .binary(Array(bytes[..<length]))) == .spanContextCorrupted)
        }

        var appended: [UInt8] = [7]
        try tracer.inject(context, into: &appended)
        #expect(appended == [7] + bytes)
    }

    @Test func hostileLengthsAreRefused() {
        let head = Array("OTM1".utf8) + [UInt8](repeating: 0, count: 16)
        let huge: [UInt8] = [0x7f] + [UInt8](repeating: 0xff, count: 7)
        for tail in [huge, huge + huge, huge + huge + huge, [UInt8](repeating: 0xff, count: 40)] {
            #expect(code(.binary, .binary(head + tail)) == .spanContextCorrupted)
        }
        #expect(code(.binary, .binary(Array("pickle".utf8))) == .spanContextCorrupted)
    }

    @Test(arguments: ["", "+1", "-1", "0x1", " 1", "1_0", "10000000000000000", "é"])
    func badNumbersAreRefused(_ text: String) {
        #expect(
            code(.textMap, .text(["ot-tracer-traceid": text, "ot-tracer-spanid": "1"])) == .spanContextCorrupted
        )
    }

    @Test func carriersHaveToFit() {
        #expect(code(.binary, .text([:])) == .invalidCarrier)
        #expect(code(.textMap, .binary([])) == .invalidCarrier)
        #expect(throws: OpenTracingError.self) {
            var map: [String: String] = [:]
            try tracer.inject(NoopSpanContext(), as: .textMap, into: &map)
        }
    }

    @Test func ownPropagatorsAreUsed() throws {
        struct Fixed: MockPropagator {
            func inject(_ context: MockSpanContext, into carrier: inout Carrier) { carrier = .text(["id": "fixed"]) }
            func extract(from carrier: Carrier) -> MockSpanContext? { MockSpanContext(traceID: 5, spanID: 6) }
        }
        let format = Format(rawValue: "fixed")
        tracer.registerPropagator(Fixed(), for: format)
        var map = TextMap()
        try tracer.inject(tracer.startSpan("a").context, as: format, into: &map)
        #expect(map == ["id": "fixed"])
        let child = tracer.startSpan("b", childOf: try tracer.extract(format, from: map))
        #expect((child as? MockSpan)?.description == "b(3,6)")
    }

    @Test func aReferenceToNothingIsIgnored() throws {
        let span = tracer.startSpan("a", references: [.childOf(nil)])
        #expect((span as? MockSpan)?.parentID == nil)
    }
}

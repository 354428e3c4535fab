import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.text.isPresent, VectorFile.text.absence),
        arguments: try VectorFile.text.cases("inject")
    )
    func textInjection(_ vector: TracingVector) throws {
        try vector.given.allow("id", "config", "context", "carrier")
        var carrier = Carrier.text(TextMap())
        try textCodec(vector.given).inject(context(vector.given), into: &carrier)
        #expect(try map(carrier) == vector.given.pairs("carrier").map { "\($0.key)=\($0.value.string ?? "")" }.sorted())
    }

    @Test(
        .enabled(if: VectorFile.text.isPresent, VectorFile.text.absence),
        arguments: try VectorFile.text.cases("extract")
    )
    func textExtraction(_ vector: TracingVector) throws {
        try vector.given.allow("id", "config", "carrier", "context", "error", "note", "quirk", "recommended_error")
        try checkExtraction(vector, in: .text, with: textCodec(vector.given))
    }

    @Test(
        .enabled(if: VectorFile.binary.isPresent, VectorFile.binary.absence),
        arguments: try VectorFile.binary.cases("inject")
    )
    func binaryInjection(_ vector: TracingVector) throws {
        try vector.given.allow("id", "context", "carrier_before_hex", "carrier_after_hex", "error")
        let before = try #require(TypedValues.bytes(vector.given.text("carrier_before_hex")))
        // Flags of more than a byte cannot be made here.
        if vector.given.contains("error") {
            try #require(vector.name == "flags_over_byte_appended")
            return try Divergences.demandReason(for: vector, in: .binary)
        }
        let (context, after) = (try context(vector.given), try vector.given.text("carrier_after_hex"))
        var carrier = Carrier.binary(before)
        try BinaryCodec().inject(context, into: &carrier)
        guard case .binary(let bytes) = carrier else { return #expect(Bool(false), "no bytes") }
        if context.baggage.count < 2 {
            #expect(TypedValues.hex(bytes) == after)
        } else {
            let recorded = try #require(TypedValues.bytes(after))
            #expect(bytes.prefix(37) == recorded.prefix(37))
            #expect(bytes.count == recorded.count)
            #expect(try BinaryCodec().extract(from: carrier) == context)
        }
    }

    @Test(
        .enabled(if: VectorFile.binary.isPresent, VectorFile.binary.absence),
        arguments: try VectorFile.binary.cases("extract")
    )
    func binaryExtraction(_ vector: TracingVector) throws {
        try vector.given.allow("id", "carrier_hex", "context", "error", "note")
        let carrier = Carrier.binary(try #require(TypedValues.bytes(vector.given.text("carrier_hex"))))
        try check(vector, in: .binary) { () throws(OpenTracingError) in try BinaryCodec().extract(from: carrier) }
    }

    @Test(.enabled(if: VectorFile.b3.isPresent, VectorFile.b3.absence), arguments: try VectorFile.b3.cases("inject"))
    func b3Injection(_ vector: TracingVector) throws {
        try vector.given.allow("id", "generate_128bit_trace_id", "context", "carrier")
        let codec = B3Codec(writes128Bits: vector.given["generate_128bit_trace_id"]?.bool == true)
        var carrier = Carrier.text(TextMap())
        try codec.inject(context(vector.given), into: &carrier)
        #expect(try map(carrier) == vector.given.pairs("carrier").map { "\($0.key)=\($0.value.string ?? "")" }.sorted())
    }

    @Test(.enabled(if: VectorFile.b3.isPresent, VectorFile.b3.absence), arguments: try VectorFile.b3.cases("extract"))
    func b3Extraction(_ vector: TracingVector) throws {
        try vector.given.allow("id", "carrier", "context", "error", "note", "quirk", "recommended_error")
        if vector.name == "debug_flag" {
            let carrier = try #require(try self.carrier(vector.given))
            #expect(try B3Codec().extract(from: carrier)?.flags == [.sampled, .debug])
            return try Divergences.demandReason(for: vector, in: .b3)
        }
        try checkExtraction(vector, in: .b3, with: B3Codec())
    }

    @Test(.enabled(if: VectorFile.b3.isPresent, VectorFile.b3.absence), arguments: try VectorFile.b3.cases("zipkin"))
    func zipkin(_ vector: TracingVector) throws {
        try vector.given.allow("id", "op", "context", "carrier", "carrier_kind", "attributes", "error")
        let codec = ZipkinCodec()
        switch try vector.given.text("op") {
        case "inject" where vector.given.contains("carrier_kind"):
            var carrier = Carrier.binary([])
            #expect(throws: OpenTracingError.self) { try codec.inject(JaegerSpanContext(baggage: [:]), into: &carrier) }
        case "inject":
            var carrier = Carrier.text(TextMap())
            try codec.inject(context(vector.given), into: &carrier)
            #expect(try map(carrier) == decimal(vector.given).map { "\($0.key)=\($0.value)" }.sorted())
        case "extract":
            let map = TextMap(try decimal(vector.given))
            try check(vector, in: .b3) { () throws(OpenTracingError) in try codec.extract(from: .text(map)) }
        // Objects with attributes are no carriers here.
        case "extract_object": try Divergences.demandReason(for: vector, in: .b3)
        default: throw UnknownVector(description: "\(vector.given)")
        }
    }

    /// The carrier of a case of the Zipkin format, whose numbers the vectors write in hexadecimal digits.
    private func decimal(_ given: JSONObject) throws -> [TextMap.Entry] {
        try given.pairs("carrier").filter { !$0.value.isNull }.map { key, value in
            if let flags = value.int { return (key, "\(flags)") }
            return (key, "\(try number(#require(value.string), as: UInt128.self))")
        }
    }

    @Test func wrongCarriers() throws {
        for codec in [TextCodec(encodesValues: true), B3Codec(), B3SingleCodec(), ZipkinCodec(), CompositeCodec.w3c]
            as [any ContextCodec]
        {
            #expect(throws: OpenTracingError.self) { try codec.extract(from: .binary([])) }
            var carrier = Carrier.binary([])
            #expect(throws: OpenTracingError.self) { try codec.inject(JaegerSpanContext(baggage: [:]), into: &carrier) }
        }
        #expect(throws: OpenTracingError.self) { try BinaryCodec().extract(from: .text([:])) }
    }

    private func textCodec(_ given: JSONObject) throws -> TextCodec {
        let configurations = try VectorFile.text.json()["configs"]
        let given = try #require(configurations?[given.text("config")]?["given"]?.object)
        var headers = TextCodec.Headers()
        headers.traceID = given["trace_id_header"]?.string ?? headers.traceID
        headers.baggagePrefix = given["baggage_header_prefix"]?.string ?? headers.baggagePrefix
        headers.debugID = given["debug_id_header"]?.string ?? headers.debugID
        return TextCodec(headers: headers, encodesValues: given["url_encoding"]?.bool == true)
    }

    private func context(_ given: JSONObject) throws -> JaegerSpanContext {
        try JaegerSpanContext(#require(given["context"]?.object))
    }

    /// The carrier of a case; nil when it holds what a map of texts cannot.
    private func carrier(_ given: JSONObject) throws -> Carrier? {
        var entries: [TextMap.Entry] = []
        for (key, value) in try given.pairs("carrier") {
            if value.isNull, key.lowercased().hasPrefix("x-b3") { continue }
            guard let text = value.string ?? (value.array?.count == 1 ? value[0]?.string : nil) else { return nil }
            entries.append((key, text))
        }
        return .text(TextMap(entries))
    }

    private func checkExtraction(
        _ vector: TracingVector,
        in file: VectorFile,
        with codec: some ContextCodec
    ) throws {
        guard let carrier = try carrier(vector.given) else {
            // Numbers and lists cannot be given; that they are malformed to the reference is all there is.
            try #require(vector.given.contains("error"))
            return try Divergences.demandReason(for: vector, in: file)
        }
        try check(vector, in: file) { () throws(OpenTracingError) in try codec.extract(from: carrier) }
    }

    private func check(
        _ vector: TracingVector,
        in file: VectorFile,
        _ extract: () throws(OpenTracingError) -> JaegerSpanContext?
    ) throws {
        let given = vector.given
        let recommended = given["recommended_error"]?.string ?? given["error"]?["recommended_type"]?.string
        if recommended != nil { try Divergences.demandReason(for: vector, in: file) }
        let exception = recommended ?? given["error"]?["type"]?.string
        let recorded = try given["context"]?.object.map { object in
            exception == nil ? try JaegerSpanContext(object) : nil
        }
        do throws(OpenTracingError) {
            let context = try extract()
            #expect(exception == nil)
            #expect(context == recorded ?? nil)
        } catch {
            #expect(error.code == (try exception.map(code)), "\(error)")
        }
    }

    private func map(_ carrier: Carrier) throws -> [String] {
        guard case .text(let map) = carrier else { return [] }
        return map.entries.map { "\($0.key)=\($0.value)" }.sorted()
    }
}

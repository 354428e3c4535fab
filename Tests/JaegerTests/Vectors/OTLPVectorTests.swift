import Foundation
import Jaeger
import Kser
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.otlp.isPresent, VectorFile.otlp.absence),
        arguments: try VectorFile.otlp.cases("from_jaeger")
    )
    func otlp(_ vector: TracingVector) throws {
        try vector.given.allow("id", "jaeger", "protobuf_hex", "json", "scope", "note")
        let batch = try RecordedBatch(#require(vector.given["jaeger"]?.object))
        let named = vector.given["scope"]?.array?.compactMap(\.string)
        let scope = named.map { OTLPScope(name: $0[0], version: $0[1]) } ?? OTLPScope()
        let protobuf = OTLPProtobuf.request(batch.spans, of: batch.process, scope: scope)
        #expect(TypedValues.hex(protobuf) == (try vector.given.text("protobuf_hex")))
        let json = OTLPJSON.request(batch.spans, of: batch.process, scope: scope)
        #expect(try parsed(json) == parsed(Array("\(try #require(vector.given["json"]))".utf8)))
    }

    /// Spans that only the SDK can make are not written here.
    @Test(
        .enabled(if: VectorFile.otlp.isPresent, VectorFile.otlp.absence),
        arguments: try VectorFile.otlp.cases("otel_sdk")
    )
    func otlpOfTheSDK(_ vector: TracingVector) throws {
        try Divergences.demandReason(for: vector, in: .otlp)
    }

    /// The order of members says nothing.
    private func parsed(_ json: [UInt8]) throws -> NSObject {
        try #require(JSONSerialization.jsonObject(with: Data(json)) as? NSObject)
    }

    @Test(
        .enabled(if: VectorFile.otlp.isPresent, VectorFile.otlp.absence),
        arguments: try VectorFile.otlp.cases("responses")
    )
    func otlpResponses(_ vector: TracingVector) throws {
        try vector.given.allow("id", "hex", "json")
        var expected = OTLPResponse([], isJSON: false)
        let partial = vector.given["json"]?["partialSuccess"]
        expected.rejectedSpans = partial?["rejectedSpans"]?.string.flatMap { Int64($0) } ?? 0
        expected.errorMessage = partial?["errorMessage"]?.string ?? ""
        let bytes = try #require(TypedValues.bytes(vector.given.text("hex")))
        #expect(OTLPResponse(bytes, isJSON: false) == expected)
        if let json = vector.given["json"] { #expect(OTLPResponse(Array("\(json)".utf8), isJSON: true) == expected) }
    }
}

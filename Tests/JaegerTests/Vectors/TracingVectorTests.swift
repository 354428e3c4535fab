import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

/// The recorded cases of Jaeger's client; those of the API are in a suite of the same name beside.
///
/// What differs on purpose is told case by case in the article "Beside Python's client"; that of kser's traces is in
/// "Propagation to Python".
@Suite(.timeLimit(.minutes(1)))
struct TracingVectorTests {
    /// The articles name no case that is not there.
    @Test(.enabled(if: VectorFile.text.isOurs, "other vectors hold other cases"))
    func namedCasesExist() throws {
        let documented = try Divergences.documented()
        var known: Set<String> = []
        for file in Set(documented.compactMap { $0.split(separator: "/").first.map(String.init) }) {
            let vectors = VectorFile(file, in: file.hasPrefix("traces_") ? "kser" : "tracing")
            for (_, value) in try #require(vectors.json().object) {
                known.formUnion((value.array ?? []).compactMap { $0["id"]?.string }.map { "\(file)/\($0)" })
            }
        }
        #expect(documented.count > 50 && documented.subtracting(known) == [])
    }
}

extension VectorFile {
    static let text = VectorFile("text_codec")
    static let binary = VectorFile("binary_codec")
    static let b3 = VectorFile("b3_codec")
    static let w3c = VectorFile("w3c")
    static let constants = VectorFile("constants")
    static let probabilistic = VectorFile("sampler_probabilistic")
    static let rateLimiting = VectorFile("sampler_ratelimiting")
    static let adaptive = VectorFile("sampler_adaptive")
    static let remote = VectorFile("sampler_remote")
    static let throttler = VectorFile("throttler")
    static let baggage = VectorFile("baggage_restrictions")
    static let scenarios = VectorFile("tracer_scenarios")
    static let thrift = VectorFile("thrift_batches")
    static let splitting = VectorFile("udp_splitting")
    static let otlp = VectorFile("otlp")
    static let configuration = VectorFile("config")
}

extension JaegerSpanContext {
    init(_ json: JSONObject) throws {
        let parentID = try json["parent_id"]?.string.map { try number($0, as: UInt64.self) }
        self.init(
            traceID: try json["trace_id"]?.string.map { try number($0, as: UInt128.self) } ?? 0,
            spanID: try json["span_id"]?.string.map { try number($0, as: UInt64.self) } ?? 0,
            parentID: parentID,
            flags: SpanFlags(rawValue: UInt8(truncatingIfNeeded: json["flags"]?.int ?? 0)),
            baggage: try TypedValues.baggage(json).compactMapValues { $0 },
            debugID: json["debug_id"]?.string
        )
    }
}

func number<Number: FixedWidthInteger>(_ hex: String, as type: Number.Type) throws -> Number {
    try #require(Number(hex, radix: 16), "\(hex)")
}

/// Our code for a Python exception, or for what the specification asks instead of it.
func code(_ exception: String) throws -> OpenTracingError.Code {
    switch exception {
    case "SpanContextCorruptedException": .spanContextCorrupted
    case "UnsupportedFormatException": .unsupportedFormat
    case "InvalidCarrierException": .invalidCarrier
    case "ValueError": .invalidContext
    default: throw UnknownVector(description: "the exception \(exception)")
    }
}

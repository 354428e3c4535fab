import Testing

/// The target of `make fuzz`, with carriers near to those that are well formed.
@Suite(.timeLimit(.minutes(1)))
struct CarrierFuzzTests {
    private static let seeds = [
        "traceparent:00-12345678901234567890123456789012-1234567890123456-03\ntracestate:a@b=1,0c=d e\nbaggage:k=v%20w,a=b",
        "traceparent:cc-12345678901234567890123456789012-1234567890123456-01-more\nTraceState:foo=1,foo=2",
        "uber-trace-id:5:6:0:f9\nuberctx-k:a%20b\njaeger-baggage:a=b, C=d\njaeger-debug-id:x",
        "uber-trace-id:5%3A6%3A7%3A1\ntraceparent:00-00000000000000000000000000000005-0000000000000006-01\ntracestate:a=1",
        "b3:80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d-05e3ac9a4f6e3b90",
        "X-B3-TraceId:463ac35c9f6413ad48485a3953bb6124\nX-B3-SpanId:a2fb4a1d1a96d312\nX-B3-Flags:1\nX-B3-Sampled:0",
        "trace_id:5\nspan_id:6\nparent_id:7\ntraceflags:255", "baggage:é=1,b=%ff,c=%zz", "traceparent:\u{0}\n:\n\n",
        String(repeating: "\u{0}", count: 36) + "\u{1}", "tracestate:" + String(repeating: "a=1,", count: 40),
    ]

    @Test(arguments: seeds)
    func nearToWellFormed(_ seed: String) throws {
        let bytes = Array(seed.utf8)
        try CarrierFuzz.check(bytes)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            var mutated = bytes
            for _ in 0...Int.random(in: 0..<3, using: &generator) where !mutated.isEmpty {
                let place = Int.random(in: mutated.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: mutated[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: mutated.remove(at: place)
                case 2: mutated.insert(bytes.randomElement() ?? 0, at: place)
                default: mutated.swapAt(place, mutated.indices.randomElement() ?? place)
                }
            }
            do { try CarrierFuzz.check(mutated) } catch {
                Issue.record("\(String(decoding: mutated, as: UTF8.self).debugDescription): \(error)")
                return
            }
        }
    }
}

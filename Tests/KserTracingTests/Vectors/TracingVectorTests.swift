import Kser
import Testing
import TracingVectorSupport

/// What Python's kser wrote and made spans of, recorded in Tests/Vectors/kser (traces_former.json, traces_otel.json): with
/// kser.tracing of 0.8.22 on jaeger-client, and with opentelemetry-instrumentation-kser.
@Suite(.timeLimit(.minutes(1)))
struct TracingVectorTests {}

/// A recorded case of one of the two files.
struct TraceVector {
    let id: String
    let parity: String
    let given: JSONObject
    let expect: JSONObject

    init(_ vector: TracingVector) throws {
        try vector.given.allow("id", "title", "parity", "quirk", "note", "given", "expect")
        id = vector.name
        parity = try vector.given.text("parity")
        given = try #require(vector.given["given"]?.object)
        expect = try #require(vector.given["expect"]?.object)
    }

    /// What a traced controller or operation gave, against what was recorded.
    func checkOutcome(_ result: ExecutionResult?) throws {
        guard let recorded = expect["outcome"]?["returns"]?["result"]?.object else { return }
        let result = try #require(result, "\(id)")
        var retval = result.retval
        var expected = try #require(recorded["retval"]?.object)
        for key in ["error"] where expected.contains(key) {
            // The stack is Python's.
            let (ours, theirs) = (retval[key]?.object, expected[key]?.object)
            retval[key] = ours.map { .object(JSONObject($0.filter { $0.key != "stack" })) }
            expected[key] = theirs.map { .object(JSONObject($0.filter { $0.key != "stack" })) }
        }
        #expect(retval == expected)
        #expect(result.uuid == recorded["uuid"]?.string)
        #expect(result.retcode == recorded["retcode"]?.int)
        #expect(result.stdout == recorded["stdout"]?.string)
        #expect(result.stderr == recorded["stderr"]?.string)
    }
}

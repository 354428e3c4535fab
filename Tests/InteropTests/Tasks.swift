import Kser
import Testing

/// Tasks for the entrypoints that `Tests/Support/peers/py_worker.py` has, and the same entrypoints here.
enum Tasks {
    /// Tasks of all kinds, with all kinds of JSON values; some fail.
    ///
    /// - Returns: a JSON object each, which neither side wrote.
    static func make(_ count: Int) -> [String] {
        (0..<count).map { index in
            let (entrypoint, params) = kinds[index % kinds.count]
            return """
                {"uuid": "task-\(index)", "entrypoint": "\(entrypoint)", \
                "params": \(params.replacing("%", with: "\(index)")), \
                "metadata": {"index": \(index), "route": ["tests", null]}}
                """
        }
    }

    private static let kinds = [
        ("peer.Noop", #"{"n": %}"#),
        ("peer.Hello", #"{"name": "Zoë % ☕ \"quoted\" \\ 🇫🇷"}"#),
        ("peer.Hello", #"{"nom": %}"#),  // fails: a parameter is missing
        ("peer.Fail", #"{"type": "NotFound", "message": "gone: %"}"#),
        ("peer.Fail", #"{"type": "InternalError", "message": "broken: é"}"#),
        ("peer.Echo", #"{"small": -%, "big": 9223372036854775807, "huge": 18446744073709551615}"#),
        ("peer.Echo", #"{"half": %.5, "whole": 3.0, "tiny": 5e-324, "e": 1e22, "no": -0.0}"#),
        ("peer.Echo", #"{"list": [%, 1.5, "x", null, true, [], {"deep": {"er": [{}]}}], "": "no key"}"#),
        ("peer.Echo", #"{"control": "\u0000\u0001\t\r\n\u2028", "pair": "\ud83d\ude00", "n": %}"#),
        ("peer.Echo", "{}"),
    ]

    /// A controller with the peer's entrypoints, which logs nothing.
    ///
    /// - Parameters:
    ///   - codec: reads the messages.
    ///   - handled: called with each task before it is run.
    /// - Returns: the controller.
    /// - Throws: when an entrypoint cannot be registered.
    static func controller(
        codec: any MessageCodec = JSONMessageCodec(),
        handled: @escaping @Sendable (Invocation) -> Void = { _ in }
    ) async throws -> Controller {
        struct Hello: Decodable { var name: String }
        struct Fail: Decodable { var type, message: String }
        struct Watcher: Middleware {
            var handled: @Sendable (Invocation) -> Void
            func handle(_ invocation: Invocation, next: Next) async throws -> ExecutionResult {
                handled(invocation)
                return try await next(invocation)
            }
        }

        let controller = Controller(codec: codec, middleware: [Watcher(handled: handled)], logger: .none)
        try await controller.register("peer.Noop") { (_: JSONObject, _) in }
        try await controller.register("peer.Echo") { (params: JSONObject, execution) in
            execution.result(
                stdout: "echo",
                retval: ["params": .object(params), "metadata": .object(execution.metadata)]
            )
        }
        try await controller.register("peer.Hello") { (hello: Hello, execution) in
            execution.result(stdout: "Hello \(hello.name) !")
        }
        try await controller.register("peer.Fail") { (fail: Fail, _) -> ExecutionResult in
            throw fail.type == "NotFound" ? KserError.notFound(fail.message) : KserError.internal(fail.message)
        }
        return controller
    }

    /// What our own controller makes of the tasks, in process.
    static func results(of messages: [Message]) async throws -> [String: ExecutionResult] {
        let controller = try await controller()
        var results: [String: ExecutionResult] = [:]
        for message in messages { results[message.uuid] = await controller.run(message) }
        return results
    }
}

/// Checks that each task was answered once, with the result that it has to have.
func expect(_ answers: [Message], agreeWith expected: [String: ExecutionResult]) throws {
    #expect(answers.map(\.uuid).sorted() == expected.keys.sorted(), "one answer for each task")
    let different = answers.filter { $0.result != expected[$0.uuid] }
    for answer in different.prefix(3) {
        var other = answer
        other.result = try #require(expected[answer.uuid])
        Issue.record("\(try answer.text) should have been \(try other.text)")
    }
    #expect(different.count == 0)
}

extension Message {
    var text: String { get throws { String(decoding: try JSONMessageCodec().encode(self), as: UTF8.self) } }

    init(_ text: String) throws { self = try JSONMessageCodec().decode(Array(text.utf8)) }
}

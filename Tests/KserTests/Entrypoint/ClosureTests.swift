import Kser
import Testing

@Suite("Closures may give any encodable value")
struct ClosureTests {
    private struct Nothing: Encodable, Sendable {
        func encode(to encoder: any Encoder) throws {}
    }

    private struct Reply: Encodable, Sendable { var n: Int }

    private func retval<Output: Sendable>(
        _ handler: @escaping @Sendable (JSONObject, Execution) async throws -> Output
    ) async throws -> JSONObject {
        let controller = Controller(logger: .none)
        try await controller.register("c", handler: handler)
        let result = await controller.run(Message(entrypoint: "c"))
        #expect(result.retcode == 0, "\(result)")
        return result.retval
    }

    @Test func values() async throws {
        #expect(try await retval { _, _ in 5 } == ["value": 5])
        #expect(try await retval { _, _ in "text" } == ["value": "text"])
        #expect(try await retval { _, _ in true } == ["value": true])
        #expect(try await retval { _, _ in 1.5 } == ["value": 1.5])
        #expect(try await retval { _, _ in [1, 2] } == ["value": [1, 2]])
        #expect(try await retval { _, _ in [Reply(n: 1)] } == ["value": [["n": 1]]])
        #expect(try await retval { _, _ in Int?.none } == ["value": nil])
        #expect(try await retval { _, _ in Int?.some(5) } == ["value": 5])
        #expect(try await retval { _, _ in JSON.array([1]) } == ["value": [1]])
    }

    @Test func objects() async throws {
        #expect(try await retval { _, _ in Reply(n: 5) } == ["n": 5])
        #expect(try await retval { _, _ in Reply?.some(Reply(n: 5)) } == ["n": 5])
        #expect(try await retval { _, _ in ["n": 5] } == ["n": 5])
        #expect(try await retval { _, _ in [String: Int]() } == [:])
        #expect(try await retval { _, _ in JSON.object(["n": 5]) } == ["n": 5])
        #expect(try await retval { _, _ in Nothing() } == [:])
        #expect(try await retval { _, _ in } == [:])
        #expect(try await retval { _, execution in execution.result(retval: ["own": 1]) } == ["own": 1])
    }

    @Test("What is not encodable is refused when it is registered") func refused() async throws {
        struct Plain: Sendable {}
        let controller = Controller(logger: .none)
        await #expect(throws: KserError.self) { try await controller.register("c") { (_: JSONObject, _) in Plain() } }
        await #expect(throws: KserError.self) {
            try await controller.register("c") { (_: JSONObject, _) in Plain?.none }
        }
        await #expect(throws: KserError.self) { try await controller.register("c") { (_: JSONObject, _) in [Plain()] } }
        #expect(controller.entrypoints.isEmpty)
    }
}

import Kser
import Testing

extension VectorTests {
    @Suite("producer")
    struct Producers {
        @Test(arguments: VectorFolder.kser("producer"))
        func producer(_ entry: VectorEntry) async {
            await entry.run(swift: complaint) { try await ProducerRun($0).outcome() }
        }

        /// What Python cannot do for want of a method is done here; nothing leaves a sealing producer in clear.
        private func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
            guard let retcode = outcome["outcome"]?["returns"]?["result"]?["retcode"]?.int else {
                return "not a result: \(outcome)"
            }
            let isMeantToFail = vector.given.contains("fail")
            return (retcode == 0) == isMeantToFail ? "retcode \(retcode): \(outcome)" : nil
        }
    }
}

/// Sends messages through a stand-in of a Python driver.
private struct ProducerRun {
    private let producer: StandInProducer
    private let call: String
    private let topic: String
    private let messages: [Message]
    private let lines = LogLines()

    init(_ vector: Vector) throws {
        let given = try Fields(
            vector.given,
            "given",
            allowing: ["driver", "call", "topic", "messages", "fail", "crypto_key", "nonce"]
        )
        let driver: Driver = try given.choice("driver")
        call = try given.text("call")
        topic = try given.text("topic")
        messages = try given.list("messages").map(Self.message)
        producer = StandInProducer(
            driver,
            failing: try Self.failures(given.optional("fail", Fields.value) ?? [:]),
            codec: try makeCodec(for: given.object),
            logger: lines.logger
        )
    }

    private static func failures(_ json: JSON) throws -> [String: any Error] {
        let fields = try Fields(json, "given.fail", allowing: ["send", "produce", "flush"])
        var failures: [String: any Error] = [:]
        for method in fields.object.keys {
            failures[method] = try ScriptedError(fields.value(method), "given.fail.\(method)").error
        }
        return failures
    }

    private static func message(_ json: JSON) throws -> Message {
        let fields = try Fields(
            json,
            "given.messages",
            allowing: ["uuid", "entrypoint", "params", "result", "metadata"]
        )
        return Message(
            uuid: try fields.optional("uuid", Fields.text),
            entrypoint: try fields.text("entrypoint"),
            params: try fields.optional("params", Fields.object) ?? [:],
            result: try fields.optional("result", Fields.value)
                .map { try ResultFields($0, "given.messages.result").make() },
            metadata: try fields.optional("metadata", Fields.object) ?? [:]
        )
    }

    func outcome() async throws -> JSON {
        let result = try await send()
        return ["outcome": Outcome.returning(result), "log": lines.take(), "client_calls": producer.calls]
    }

    private func send() async throws -> ExecutionResult {
        switch call {
        case "send":
            guard let message = messages.first else { throw SchemaError("given.messages is empty") }
            return await producer.report(message, to: topic)
        case "bulk_send":
            let result = await producer.report(contentsOf: messages, to: topic)
            if messages.isEmpty { try producer.flushBatch() }
            return result
        default:
            throw SchemaError("unknown call '\(call)'")
        }
    }
}

import Kser
import Synchronization
import Testing

@testable import KserCrypto

@Suite(.enabled(if: CryptoVector.isPresent, "no file \(CryptoVector.file)"), .timeLimit(.minutes(5)))
struct CryptoVectorTests {
    @Test(arguments: try CryptoVector.all("encode"))
    func seals(_ vector: CryptoVector) throws {
        if let expected = vector.expect["raises"] {
            let error = #expect(throws: CryptoError.self) { try vector.key() }
            if let error { try vector.check(error, is: expected["error"]) }
            return
        }
        let key = try vector.key()
        let codec = SecretBoxCodec(key: key)
        let given = try #require(vector.given["message"])
        let message = try JSONMessageCodec().decode(given.bytes())
        let nonce = try #require(vector.given["nonce"]?.string)
        let plain = try JSONMessageCodec().encode(message)
        let envelope = try codec.seal(plain, nonce: SecretBox.Nonce(base64: nonce))

        let plaintext = try #require(vector.expect["plaintext"]?.string)
        #expect(try JSON(parsing: plain) == JSON(parsing: plaintext))
        try checkText(envelope, of: vector)

        // Both open: ours, and Python's with its line breaks.
        let python = Array(try #require(vector.expect["envelope"]?.string).utf8)
        for envelope in [envelope, python] {
            let opened = try JSON(parsing: JSONMessageCodec().encode(codec.decode(envelope)))
            // Python seals with the context's key and opens with the environment's; ours is one key for both.
            if vector.parity != "info" { #expect(opened == vector.expect["decodes_to"]) }
        }
    }

    /// The same envelope as Python's but for the line breaks in its data.
    private func checkText(_ envelope: [UInt8], of vector: CryptoVector) throws {
        let python = try JSON(parsing: #require(vector.expect["envelope"]?.string))
        let data = try #require(python["data"]?.string)
        let ours = try JSON(parsing: envelope)
        #expect(ours["data"]?.string == data.filter { $0 != "\n" })
        #expect(ours["nonce"] == python["nonce"])
        #expect(ours.object?.keys == python.object?.keys)
        #expect(Base64.decode(data)?.count == vector.expect["ciphertext_length"]?.int)
        #expect(data.split(separator: "\n").count == vector.expect["data_lines"]?.int)
        #expect(String(decoding: envelope, as: UTF8.self) == ours.description)
    }

    @Test(arguments: try CryptoVector.all("decode"))
    func opens(_ vector: CryptoVector) async throws {
        let envelope = Array(try #require(vector.given["envelope"]?.string).utf8)
        let loads = try #require(vector.expect["loads"])
        let codec: SecretBoxCodec
        do {
            codec = SecretBoxCodec(key: try vector.key())
        } catch {
            // kser-crypto says so when the first message comes.
            #expect(error is CryptoError)
            try vector.check(error, is: loads["raises"]?["error"])
            return try check(.from(error), of: vector)
        }
        do {
            let message = try codec.decode(envelope)
            let opened = try JSON(parsing: JSONMessageCodec().encode(message))
            if vector.parity != "info" { #expect(opened == loads["message"]) }
        } catch {
            #expect(error is KserError)
            if vector.parity != "info" { try vector.check(error, is: loads["raises"]?["error"]) }
        }
        if vector.expect.contains("controller_result") { try await dispatch(envelope, codec, vector) }
    }

    /// What a controller makes of a refused envelope: its result and its log line.
    private func dispatch(_ envelope: [UInt8], _ codec: SecretBoxCodec, _ vector: CryptoVector) async throws {
        let log = Log()
        var logger = KserLogger(sink: log)
        logger.logsRefusedContent = true
        let controller = Controller(name: "CryptoController", codec: codec, logger: logger)
        try check(await controller.run(envelope), of: vector)
        let lines = log.records.withLock { $0 }
        let expected = try #require(vector.expect["controller_log"]?.array)
        try #require(lines.count == expected.count)
        for (line, expected) in zip(lines, expected) {
            #expect(line.level.name == expected["level"]?.string)
            let text = try #require(expected["message"]?.string)
            let split = try #require(text.firstRange(of: " <- "))
            if vector.parity == "must" { #expect(line.message.hasPrefix(text[..<split.lowerBound])) }
            #expect(line.message.hasPrefix(text.prefix { $0 != ":" }))
            #expect(line.metadata["kafka_raw_data"] == String(text[split.upperBound...]))
        }
    }

    private func check(_ result: ExecutionResult, of vector: CryptoVector) throws {
        if vector.parity == "info" { return }
        let expected = try #require(vector.expect["controller_result"])
        #expect(!result.uuid.isEmpty)
        #expect(result.retcode == expected["retcode"]?.int)
        let error = try #require(expected["retval"]?["error"])
        for field in ["code", "name", "msgid"] { #expect(result.retval["error"]?[field] == error[field]) }
        guard vector.parity == "must" else { return }
        #expect(result.stdout == expected["stdout"]?.string)
        #expect(result.stderr == expected["stderr"]?.string)
        for field in ["message", "extra"] { #expect(result.retval["error"]?[field] == error[field]) }
    }
}

private final class Log: LogSink {
    let records = Mutex<[LogRecord]>([])
    func log(_ record: LogRecord) { records.withLock { $0.append(record) } }
}

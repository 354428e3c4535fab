import Kser
import KserTesting
import Testing

@testable import KserCrypto

/// The id of the key travels in a header, as a hint.
@Suite(.timeLimit(.minutes(5))) struct KeyHeaderTests {
    let old: SecretBoxKey
    let new: SecretBoxKey
    let ring: SecretBoxKeyRing
    let codec: SecretBoxCodec
    let message = Message(uuid: "u", entrypoint: "e", params: ["n": 1])

    init() throws {
        old = try .generate()
        new = try .generate()
        ring = try SecretBoxKeyRing(current: "2024", old)
        try ring.add(new, id: "2025")
        codec = SecretBoxCodec(keys: ring)
    }

    @Test func theIDIsInAHeaderAndTheEnvelopeIsKserCryptos() async throws {
        let broker = InMemoryBroker()
        let producer = broker.makeProducer(codec: codec)
        try await producer.send(message, to: "t", headers: [.init("trace", text: "a"), header("stale")])
        try await producer.send(contentsOf: [message], to: "t")
        try ring.use("2025")
        try await producer.send(message, to: "t")
        let records = broker.records(in: "t")
        let trace = Record.Header("trace", text: "a")
        #expect(records.map(\.headers) == [[trace, header("2024")], [header("2024")], [header("2025")]])
        for record in records {
            let value = try #require(record.value)
            #expect(try JSON(parsing: value).object?.keys == ["data", "nonce"])
            #expect(try codec.decode(value, of: record) == message)
        }
    }

    @Test func aKeyWithoutAnIDIsNotNamed() throws {
        let encoded = try SecretBoxCodec(key: old).encode(message, for: "t")
        #expect(encoded.headers == [])
        #expect(try decode(encoded) == message)
    }

    @Test func theHeadersOfTheCodecInsideStay() throws {
        struct Marking: MessageCodec {
            func encode(_ message: Message) throws -> [UInt8] { try JSONMessageCodec().encode(message) }
            func decode(_ bytes: [UInt8]) throws -> Message { throw KserError.internal("without a record") }
            func encode(_ message: Message, for topic: String) throws -> EncodedMessage {
                EncodedMessage(try encode(message), headers: [.init("topic", text: topic)])
            }
            func decode(_ bytes: [UInt8], of record: Record) throws -> Message { try JSONMessageCodec().decode(bytes) }
        }
        let codec = SecretBoxCodec(keys: ring, wrapping: Marking())
        let encoded = try codec.encode(message, for: "t")
        #expect(encoded.headers == [.init("topic", text: "t"), header("2024")])
        #expect(try codec.decode(encoded.value, of: record(encoded)) == message)
    }

    /// Anyone may have written the header; what a key of the ring opens is opened.
    @Test(arguments: ["2025", "unheard-of", "", String(repeating: "x", count: 100_000), "default"])
    func aWrongIDDoesNotMatter(_ id: String) throws {
        var encoded = try codec.encode(message, for: "t")
        encoded.headers = [header(id)]
        #expect(try decode(encoded) == message)
        #expect(try SecretBoxCodec(key: old).decode(encoded.value, of: record(encoded)) == message)
    }

    @Test func aHeaderWithoutAValueDoesNotMatter() throws {
        var encoded = try codec.encode(message, for: "t")
        encoded.headers = [Record.Header(SecretBoxCodec.keyIDHeader, nil)]
        #expect(try decode(encoded) == message)
        encoded.headers = [header("2024"), Record.Header(SecretBoxCodec.keyIDHeader, [0xFF, 0xFE])]
        #expect(try decode(encoded) == message)
    }

    @Test func whatNoKeyOpensIsRefusedWithAReason() throws {
        let foreign = try SecretBoxKeyRing(current: "2023", .generate())
        let encoded = try SecretBoxCodec(keys: foreign).encode(message, for: "t")
        expect(.unknownKey, encoded)
        expect(.unknownKey, EncodedMessage(encoded.value, headers: [header(String(repeating: "x", count: 100_000))]))
        expect(.notAuthentic, EncodedMessage(encoded.value))
        expect(.notAuthentic, EncodedMessage(encoded.value, headers: [header("2024")]))
        expect(.undecodable, EncodedMessage(Array("{}".utf8), headers: encoded.headers))
        expect(.undecodable, EncodedMessage([0xFF], headers: encoded.headers))
    }

    @Test func anEnvelopeIsInspected() throws {
        let encoded = try codec.encode(message, for: "t")
        let plain = try JSONMessageCodec().encode(message)
        var expected = EnvelopeInspection(isBound: false, contentCount: plain.count, namedKeyID: "2024", keyID: "2024")
        #expect(try codec.inspect(encoded.value, headers: encoded.headers) == expected)
        expected.namedKeyID = nil
        #expect(try codec.inspect(encoded.value) == expected)
        expected.keyID = nil
        #expect(try SecretBoxCodec(key: new).inspect(encoded.value) == expected)
        #expect(throws: KserError.self) { try codec.inspect(plain) }
        #expect(throws: KserError.self) { try codec.inspect([]) }
    }

    @Test func messagesInClearAreCountedWhateverTheirHeaders() throws {
        let clear = ClearMessages()
        let tolerant = SecretBoxCodec(keys: ring, admitting: clear)
        let plain = EncodedMessage(try JSONMessageCodec().encode(message), headers: [header("2024")])
        #expect(try tolerant.decode(plain.value, of: record(plain)) == message)
        let sealed = try tolerant.encode(message, for: "t")
        #expect(try tolerant.decode(sealed.value, of: record(sealed)) == message)
        #expect(clear.count == 1)
        expect(.undecodable, plain)
    }

    private func header(_ id: String) -> Record.Header { Record.Header("kser_key-id", text: id) }

    private func record(_ encoded: EncodedMessage) -> Record {
        Record(topic: "t", value: encoded.value, headers: encoded.headers)
    }

    private func decode(_ encoded: EncodedMessage) throws -> Message {
        try codec.decode(encoded.value, of: record(encoded))
    }

    private func expect(_ refusal: Dispatch.Refusal, _ encoded: EncodedMessage) {
        let error = #expect(throws: KserError.self) { try decode(encoded) }
        guard let error else { return }
        #expect(codec.refusal(of: error) == refusal)
        #expect(error.message.utf8.count < 300)
    }
}

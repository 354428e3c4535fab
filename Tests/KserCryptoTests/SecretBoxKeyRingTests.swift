import Kser
import Testing

@testable import KserCrypto

@Suite(.timeLimit(.minutes(5))) struct SecretBoxKeyRingTests {
    let old: SecretBoxKey
    let new: SecretBoxKey
    let message = Message(uuid: "u", entrypoint: "e", params: ["n": 1])

    init() throws {
        old = try .generate()
        new = try .generate()
    }

    @Test func theCurrentKeySealsAndAllOpen() throws {
        let ring = try SecretBoxKeyRing(current: "old", old)
        let codec = SecretBoxCodec(keys: ring)
        let first = try codec.encode(message)
        try ring.add(new, id: "new")
        #expect(ring.currentID == "old" && ring.ids == ["old", "new"])
        try ring.use("new")
        #expect(ring.currentID == "new" && ring.ids == ["new", "old"])
        let second = try codec.encode(message)
        #expect(try codec.keyID(of: first) == "old")
        #expect(try codec.keyID(of: second) == "new")
        #expect(try codec.decode(first) == message && codec.decode(second) == message)
        #expect(try SecretBoxCodec(key: new).decode(second) == message)

        try ring.remove("old")
        #expect(ring.ids == ["new"])
        expect(.notAuthentic) { try codec.open(first) }
        expect(.unknownKey) { try codec.open(first, keyID: "old") }
        #expect(try codec.decode(second) == message)
    }

    @Test func aKeyThatIsNamedAloneIsTried() throws {
        let ring = try SecretBoxKeyRing(current: "old", old)
        try ring.add(new, id: "new")
        let codec = SecretBoxCodec(keys: ring)
        let sealed = try codec.seal([1, 2, 3])
        #expect(try codec.open(sealed, keyID: "old") == [1, 2, 3])
        expect(.notAuthentic) { try codec.open(sealed, keyID: "new") }
        expect(.unknownKey) { try codec.open(sealed, keyID: String(repeating: "x", count: 100_000)) }
    }

    @Test(arguments: ["", "a b", "é", "a/b", "a\n", String(repeating: "a", count: 65)])
    func idsThatAreNoGoodInHeadersAreRefused(_ id: String) throws {
        let ring = try SecretBoxKeyRing(current: "old", old)
        for error in [
            #expect(throws: CryptoError.self, performing: { try ring.add(new, id: id) }),
            #expect(throws: CryptoError.self, performing: { try SecretBoxKeyRing(current: id, new) }),
        ] {
            #expect(error?.code == .invalidKeyID)
        }
        #expect(ring.ids == ["old"])
    }

    @Test func mistakesAreToldAndChangeNothing() throws {
        let ring = try SecretBoxKeyRing(current: "old", old)
        #expect(throws: CryptoError.self) { try ring.add(new, id: "old") }
        #expect(throws: CryptoError.self) { try ring.remove("old") }
        #expect(throws: CryptoError.self) { try ring.remove("new") }
        #expect(throws: CryptoError.self) { try ring.use("new") }
        try ring.use("old")
        #expect(ring.ids == ["old"])
        #expect("\(ring)" == "keys old")
    }

    @Test func rotatingUnderLoadLosesNothing() async throws {
        let writers = try SecretBoxKeyRing(current: "k0", old)
        let readers = try SecretBoxKeyRing(current: "k0", old)
        let (encoder, decoder) = (SecretBoxCodec(keys: writers), SecretBoxCodec(keys: readers))
        let (envelopes, sealed) = AsyncStream.makeStream(of: [UInt8].self)
        async let opened = {
            var count = 0
            for await envelope in envelopes {
                if try decoder.decode(envelope) == message { count += 1 }
            }
            return count
        }()
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<500 {
                        sealed.yield(try encoder.encode(message))
                        await Task.yield()
                    }
                }
            }
            for step in 1...20 {
                let key = try SecretBoxKey.generate()
                try readers.add(key, id: "k\(step)")
                try writers.add(key, id: "k\(step)")
                try writers.use("k\(step)")
                try writers.remove("k\(step - 1)")
                await Task.yield()
            }
            try await group.waitForAll()
        }
        sealed.finish()
        #expect(try await opened == 2_000)
    }

    private func expect(_ code: CryptoError.Code, _ body: () throws -> [UInt8]) {
        let error = #expect(throws: KserError.self) { _ = try body() }
        #expect((error?.cause as? CryptoError)?.code == code)
        #expect((error?.message.utf8.count ?? .max) < 250)
    }
}

@Suite struct ClearMessagesTests {
    let message = Message(uuid: "u", entrypoint: "e")

    @Test func areLetInAndCountedOnlyWhenAsked() throws {
        let key = try SecretBoxKey.generate()
        let clear = ClearMessages()
        let tolerant = SecretBoxCodec(key: key, admitting: clear)
        let plain = try JSONMessageCodec().encode(message)
        #expect(throws: KserError.self) { try SecretBoxCodec(key: key).decode(plain) }
        #expect(try tolerant.decode(plain) == message)
        #expect(try tolerant.decode(tolerant.encode(message)) == message)
        #expect(clear.count == 1)
        #expect(throws: KserError.self) { try tolerant.open(plain) }
    }

    @Test(arguments: [
        "[]", "5", "", "{}", #"{"uuid": "u"}"#, #"{"data": "AAAA", "nonce": "AAAA"}"#, #"{"data": "AAAA"}"#,
        #"{"uuid": "u", "entrypoint": "e", "data": "AAAA"}"#, #"{"uuid": "u", "entrypoint": "e", "nonce": 1}"#,
    ])
    func nothingElseIsLetIn(_ text: String) throws {
        let clear = ClearMessages()
        let tolerant = SecretBoxCodec(key: try .generate(), admitting: clear)
        #expect(throws: KserError.self) { try tolerant.decode(Array(text.utf8)) }
        #expect(clear.count == 0)
    }
}

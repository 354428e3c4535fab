import Kser
import KserTesting
import Testing

@testable import KserCrypto

@Suite(.timeLimit(.minutes(5))) struct SecretBoxCodecTests {
    let codec: SecretBoxCodec

    init() throws { codec = SecretBoxCodec(key: try .generate()) }

    @Test func contentOfEveryLengthComesBack() throws {
        for count in Array(0..<200) + [1_000, 100_000] {
            let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let sealed = try codec.seal(content)
            let isSame = try codec.open(sealed) == content
            #expect(isSame, "\(count)")
            #expect(sealed.count == Envelope.size(ofContent: count))
        }
    }

    @Test func everyEnvelopeHasItsOwnNonce() throws {
        let nonces = try (0..<1_000).map { _ in try codec.fields(of: []).nonce }
        #expect(Set(nonces).count == 1_000)
    }

    @Test func manyTasksShareACodec() async throws {
        try await withThrowingTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<200 {
                        let message = Message(
                            uuid: "\(task)-\(number)",
                            entrypoint: "e",
                            params: ["n": .integer(Int64(number))]
                        )
                        let copy = try codec.decode(codec.encode(message))
                        #expect(copy == message)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func producersAndControllersTakeIt() async throws {
        let broker = InMemoryBroker()
        let controller = Controller(codec: codec, logger: .none)
        try await controller.register("echo") { (params: [String: Int], execution) in
            execution.result(stdout: "\(params["n"] ?? 0)")
        }
        try await broker.makeProducer(codec: codec).send(Message(entrypoint: "echo", params: ["n": 7]), to: "t")
        let record = try #require(broker.records(in: "t").first)
        let value = try #require(record.value)
        #expect(!String(decoding: value, as: UTF8.self).contains("echo"))
        #expect(await controller.run(record).stdout == "7")
        #expect(await Controller(logger: .none).run(record).retcode == 400)
    }

    @Test(arguments: [" ", "\\n", "\\r\\n", "\\t", "\\u000b", "\\f", "\\u0020 \\n"])
    func whiteSpaceInBase64IsSkipped(_ blank: String) throws {
        let (data, nonce) = try codec.fields(of: [1, 2, 3])
        for step in [1, 5, 76] {
            let spaced = [data, nonce].map { text in
                blank
                    + text.enumerated().map { $0.offset % step == 0 ? "\(blank)\($0.element)" : "\($0.element)" }
                    .joined() + blank
            }
            #expect(try codec.open(envelope(data: spaced[0], nonce: spaced[1])) == [1, 2, 3])
        }
    }

    @Test func layoutOrderEscapesAndDuplicatesDoNotMatter() throws {
        let (data, nonce) = try codec.fields(of: [1, 2, 3])
        let escaped = data.utf8.map { byte in "\\u00" + String(byte, radix: 16) }.joined()
        for text in [
            #"{"nonce":"\#(nonce)","data":"\#(data)"}"#,
            "\n { \"nonce\"\t:\r\n\"\(nonce)\" , \"data\" : \"\(data)\" } \n",
            #"{"d\u0061ta": "\#(escaped)", "nonce": "\#(nonce)"}"#,
            #"{"data": 5, "data": "\#(data)", "nonce": "\#(nonce)"}"#,
        ] {
            #expect(try codec.open(Array(text.utf8)) == [1, 2, 3], "\(text)")
        }
    }

    @Test func whatIsNotBase64IsRefused() throws {
        let (data, nonce) = try codec.fields(of: [0, 0, 0, 0])  // two characters of padding less would be needed
        try #require(data.hasSuffix("="))
        let bare = String(data.prefix { $0 != "=" })
        for text in [
            bare, "\(data)=", "\(data)A", "=\(data)", "\(bare)*=", "!\(data)", "\\u0000\(data)", "\(data)\\u0000",
            "\\u00a0\(data)",
            "\(data.dropLast(4))-_8=", "\(bare.dropLast(1))", "é\(data)",
        ] {
            let error = #expect(throws: KserError.self) { try codec.open(envelope(data: text, nonce: nonce)) }
            #expect((error?.cause as? CryptoError)?.code == .malformed, "\(text)")
        }
        for text in ["", "AAAA", "\(nonce)AAAA", "\(nonce.dropLast())*", "\\u0000\(nonce)", "-\(nonce.dropFirst())"] {
            let error = #expect(throws: KserError.self) { try codec.open(envelope(data: data, nonce: text)) }
            #expect((error?.cause as? CryptoError)?.code == .malformed, "\(text)")
        }
    }

    @Test func unknownFieldsAreNamedWithinBounds() throws {
        let long = String(repeating: "k", count: 100_000)
        let marks = "e" + String(repeating: "\u{301}", count: 100_000)
        let fields = ["f0", "f1", long, marks] + (2..<5_000).map { "f\($0)" }
        let text = "{\(fields.map { #""\#($0)": "secret""# }.joined(separator: ","))}"
        let error = #expect(throws: KserError.self) { try codec.open(Array(text.utf8)) }
        #expect(error?.kind == .validation)
        #expect(error?.extra["data"] == ["Missing data for required field."])
        #expect(error?.extra["f0"] == ["Unknown field."])
        let extra = "\(error?.extra ?? [:])"
        #expect(extra.utf8.count < 4_000 && !extra.contains("secret"))
    }

    @Test(arguments: ["1e999", "[1e999]", #"{"secret": 1e999}"#])
    func floatsBeyondDoubleAreRefusedWithinBounds(_ value: String) throws {
        let error = #expect(throws: KserError.self) {
            try codec.open(Array(#"{"\#(String(repeating: "k", count: 100_000))": \#(value)}"#.utf8))
        }
        #expect(error?.kind == .validation)
        #expect("\(error?.message ?? "")\(error?.extra ?? [:])".utf8.count < 300)
    }
}

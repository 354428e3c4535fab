import Kser
import KserTesting
import Testing

@testable import KserCrypto

/// Messages that are bound to their topic and entrypoint.
@Suite(.timeLimit(.minutes(5))) struct TopicBindingTests {
    let key: SecretBoxKey
    let codec: SecretBoxCodec
    let message = Message(uuid: "u", entrypoint: "mail.send", params: ["to": "you"])

    init() throws {
        key = try .generate()
        codec = SecretBoxCodec(key: key, binding: TopicBinding())
    }

    @Test func theContextIsInTheEnvelope() throws {
        let value = try codec.encode(message, for: "jobs").value
        let json = try JSON(parsing: value)
        #expect(json.object?.keys == ["version", "topic", "entrypoint", "data", "nonce"])
        #expect(json["version"] == 2 && json["topic"] == "jobs" && json["entrypoint"] == "mail.send")
        #expect(String(decoding: value, as: UTF8.self) == json.description)
        #expect(try decode(value, from: "jobs") == message)
        let size = try JSONMessageCodec().encode(message).count
        #expect(value.count == Envelope.size(ofContent: size, context: .init(topic: "jobs", entrypoint: "mail.send")))
        #expect(
            try codec.inspect(value)
                == EnvelopeInspection(
                    isBound: true,
                    topic: "jobs",
                    entrypoint: "mail.send",
                    contentCount: size,
                    keyID: "default"
                )
        )
        #expect(try codec.open(value) == JSONMessageCodec().encode(message))
    }

    /// Python made it, with libsodium by ctypes: key and nonce are the bytes from 0 on.
    @Test func anotherImplementationSealsTheSame() throws {
        let codec = SecretBoxCodec(key: try SecretBoxKey(bytes: Array(0..<32)), binding: TopicBinding())
        let python = bound(
            "cPJZuV2oWhqLq0Anyeg8gdDeF+68VNbKhPDROXAt7ZqgoLaR+q9zpst6y20M53CrxH9O62Rt8bntJS913M41qkElM8p7PIM69Nyj"
                + "dcCHHdylvhSEStqcB2l+2/jHgWnogyI6f1VPutoxTikSXb+s5CFSWDfitTK4nzuy/4/Cj9F0HVsFufJ9N2qGiKcgPLXRuG5/f3JS"
                + "ld4mEONV7Yi73NY4YD5Hr2E=",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
        )
        let message = try codec.decode(python, of: record(python, "jobs"))
        #expect(message == Message(uuid: "u", entrypoint: "mail.send"))
        let again = try codec.seal(
            JSONMessageCodec().encode(message),
            nonce: SecretBox.Nonce(base64: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"),
            context: MessageContext(topic: "jobs", entrypoint: "mail.send"),
            key: codec.keys.snapshot.current.key
        )
        #expect(again == python)
    }

    @Test(arguments: ["orders", "jobs2", "job", "JOBS", "jobs-retry", "jobs-retry-", "jobs-retry-5x", "jobs-dlt-x", ""])
    func anotherTopicIsRefused(_ topic: String) throws {
        let value = try codec.encode(message, for: "jobs").value
        // Headers that call it a retry of the first topic's message change nothing.
        let forged: [Record.Header] = [
            .init("kafka_original-topic", text: "jobs"), .init("kser_retry-rung", text: "1"),
            .init("kafka_dlt-original-topic", text: "jobs"),
        ]
        for headers in [[], forged] {
            let error = #expect(throws: KserError.self) { try decode(value, from: topic, headers) }
            guard let error else { return }
            #expect(codec.refusal(of: error) == .wrongContext)
            #expect(error.message == "The message was sealed for \"jobs\", not for \"\(topic)\"")
        }
        var binding = TopicBinding()
        binding.admitsOtherTopics = true
        #expect(try SecretBoxCodec(key: key, binding: binding).decode(value, of: record(value, topic)) == message)
    }

    @Test(arguments: [
        ("jobs", "jobs"), ("jobs-retry-10000", "jobs"), ("jobs-dlt", "jobs"), ("jobs-retry-10-dlt", "jobs"),
        ("-dlt", "-dlt"), ("-retry-5", "-retry-5"), ("5", "5"),
        ("", ""), ("jobs-retry-", "jobs-retry-"), ("jobs-retry-١", "jobs-retry-١"),
    ])
    func retryAndDeadLetterTopicsBelongToTheirTopic(_ topic: String, _ origin: String) throws {
        #expect(TopicBinding().origin(of: topic) == origin)
        #expect(try decode(codec.encode(message, for: origin).value, from: topic) == message)
        #expect(try decode(codec.encode(message, for: topic).value, from: origin) == message)
    }

    @Test func namesOfRetryAndDeadLetterTopicsAreOnesOwn() throws {
        var binding = TopicBinding()
        binding.retryInfix = ".again."
        binding.deadLetterSuffix = ""
        #expect(binding.origin(of: "jobs.again.5") == "jobs")
        #expect(binding.origin(of: "jobs-retry-5") == "jobs-retry-5")
        #expect(binding.origin(of: "jobs-dlt") == "jobs-dlt")
        #expect(TopicBinding().origin(of: "jobs-retry-10-retry-5") == "jobs-retry-10")
    }

    @Test func aChangedContextIsRefused() throws {
        let value = try codec.encode(message, for: "jobs").value
        let text = String(decoding: value, as: UTF8.self)
        let context = #""jobs", "entrypoint": "mail.send""#
        for (changed, topic) in [
            (text.replacing(#""topic": "jobs""#, with: #""topic": "orders""#), "orders"),
            (text.replacing("mail.send", with: "mail.burn"), "jobs"),
            (text.replacing(context, with: #""jobsm", "entrypoint": "ail.send""#), "jobsm"),
        ] {
            #expect(changed != text)
            expect(.notAuthentic, Array(changed.utf8), from: topic)
        }
    }

    @Test func anEnvelopeThatHoldsAnotherEntrypointIsRefused() throws {
        let plain = try JSONMessageCodec().encode(message)
        let context = MessageContext(topic: "jobs", entrypoint: "mail.read")
        expect(.wrongContext, try codec.seal(plain, context: context, key: key), from: "jobs")
    }

    @Test func eachFormIsReadWhereItIsMeantTo() throws {
        let unbound = SecretBoxCodec(key: key)
        var binding = TopicBinding()
        binding.admitsUnbound = true
        let tolerant = SecretBoxCodec(key: key, binding: binding)
        let (old, new) = (try unbound.encode(message, for: "jobs").value, try codec.encode(message, for: "jobs").value)
        for value in [old, new] { #expect(try tolerant.decode(value, of: record(value, "jobs")) == message) }
        let error = #expect(throws: KserError.self) { try decode(old, from: "jobs") }
        #expect(error?.extra["version"] == ["Missing data for required field."])
        let other = #expect(throws: KserError.self) { try unbound.decode(new, of: record(new, "jobs")) }
        #expect(other?.extra == ["version", "topic", "entrypoint"].reduce(into: [:]) { $0[$1] = ["Unknown field."] })
        // The box of one form is none of the other: the keys differ.
        let box = try JSON(parsing: old)
        let data = try #require(box["data"]?.string), nonce = try #require(box["nonce"]?.string)
        expect(.notAuthentic, bound(data, nonce), from: "jobs")
    }

    @Test func aTopicIsNeeded() throws {
        #expect(throws: KserError.self) { try codec.encode(message) }
        let value = try codec.encode(message, for: "jobs").value
        let error = #expect(throws: KserError.self) { try codec.decode(value) }
        #expect(error?.message == "The message was sealed for \"jobs\", and came without a topic")
    }

    @Test func messagesInClearAreCounted() throws {
        let clear = ClearMessages()
        let tolerant = SecretBoxCodec(key: key, admitting: clear, binding: TopicBinding())
        let plain = try JSONMessageCodec().encode(message)
        #expect(try tolerant.decode(plain, of: record(plain, "jobs")) == message)
        #expect(clear.count == 1)
        let unbound = try SecretBoxCodec(key: key).encode(message)
        #expect(throws: KserError.self) { try tolerant.decode(unbound, of: record(unbound, "jobs")) }
        #expect(clear.count == 1)
    }

    @Test(arguments: [
        "{}", #"{"version": 2}"#, #"{"version": 3, "topic": "t", "entrypoint": "e", "data": "", "nonce": ""}"#,
        #"{"version": "2", "topic": 1, "entrypoint": null, "data": "", "nonce": ""}"#, "[]", "5", "",
        #"{"version": 2, "topic": "t", "entrypoint": "e", "data": "", "nonce": "", "x": 1}"#,
        #"{"version": 2, "topic": "t", "entrypoint": "e", "data": "AAAA", "nonce": "AAAA"}"#,
    ])
    func whatIsNoEnvelopeIsRefused(_ text: String) {
        expect(.undecodable, Array(text.utf8), from: "t")
    }

    @Test func anyTextMayBeTheEntrypoint() throws {
        for entrypoint in ["", "é\"\\\n\0", "e\u{301}", String(repeating: "x", count: 10_000), "😀"] {
            let message = Message(uuid: "u", entrypoint: entrypoint)
            #expect(try decode(codec.encode(message, for: "jobs").value, from: "jobs") == message)
        }
        // Equal to people, not to the seal.
        let composed = try codec.encode(Message(uuid: "u", entrypoint: "\u{E9}"), for: "jobs").value
        let text = String(decoding: composed, as: UTF8.self).replacing("\\u00e9", with: "e\\u0301")
        expect(.notAuthentic, Array(text.utf8), from: "jobs")
    }

    @Test func anyFlippedBitAndEveryTruncationIsRefused() throws {
        for count in 0..<5 {
            let text = String(repeating: "x", count: count)
            let message = Message(uuid: "u", entrypoint: "e", params: ["p": .string(text)])
            let value = try codec.encode(message, for: "jobs").value
            for bit in 0..<value.count * 8 {
                var changed = value
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                expectNoMessage(changed)
            }
            for count in 0..<value.count { expectNoMessage(Array(value.prefix(count))) }
        }
    }

    /// Not #expect: there are tens of thousands of these.
    private func expectNoMessage(_ value: [UInt8]) {
        do {
            _ = try decode(value, from: "jobs")
            Issue.record("opened: \(String(decoding: value, as: UTF8.self))")
        } catch let error as KserError {
            if "\(error)\(error.extra)".utf8.count > 400 { Issue.record("\(error)\(error.extra)") }
        } catch {
            Issue.record("\(type(of: error)) \(error)")
        }
    }

    private func bound(_ data: String, _ nonce: String) -> [UInt8] {
        let context = #""topic": "jobs", "entrypoint": "mail.send""#
        return Array(#"{"version": 2, \#(context), "data": "\#(data)", "nonce": "\#(nonce)"}"#.utf8)
    }

    private func record(_ value: [UInt8], _ topic: String, _ headers: [Record.Header] = []) -> Record {
        Record(topic: topic, value: value, headers: headers)
    }

    private func decode(_ value: [UInt8], from topic: String, _ headers: [Record.Header] = []) throws -> Message {
        try codec.decode(value, of: record(value, topic, headers))
    }

    private func expect(_ refusal: Dispatch.Refusal, _ value: [UInt8], from topic: String) {
        let error = #expect(throws: KserError.self) { try decode(value, from: topic) }
        guard let error else { return }
        #expect(codec.refusal(of: error) == refusal, "\(error)")
    }
}

import Foundation
import Kser
import KserCrypto
import KserKafka
import KserTesting
import TestSupport
import Testing

/// Records that are small on the wire and large once they are unpacked, and messages beyond what a codec lets in.
@Suite(.timeLimit(.minutes(5))) struct SizeTests {
    @Test func aBombIsADeadLetterThatSaysWhereItStands() async throws {
        let size = Scale.count(16 << 20, 150 << 20)
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "jobs-dlt": 1])
        var settings = ProducerConfiguration(bootstrapServers: broker.bootstrapServers)
        settings.compression = .gzip
        settings.messageMaxBytes = 256 << 20
        settings.queueMaxBytes = 512 << 20
        let attacker = try Producer(settings)
        var bomb = Array(#"{"uuid": "bomb", "entrypoint": "step", "params": {"x": ""#.utf8)
        bomb += [UInt8](repeating: UInt8(ascii: "a"), count: size) + Array(#""}}"#.utf8)
        let whole = bomb.count
        try await attacker.send(ProducerRecord(topic: "jobs", key: [1], value: bomb, headers: [.init("h", text: "v")]))
        // Its key and headers alone are too much, too.
        let headers = (0..<200).map { Record.Header("h\($0)", [UInt8](repeating: 0x61, count: 64 << 10)) }
        try await attacker.send(ProducerRecord(topic: "jobs", key: [1], value: [2], headers: headers))
        try await attacker.send(Message(uuid: "good", entrypoint: "step"), to: "jobs")
        bomb = []
        await attacker.close()

        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        let ran = LogKeeper()
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, execution) in
            ran.log(LogRecord(.info, logger: "test", execution.uuid))
        }
        let worker = Worker(
            consumer: try Consumer(
                ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "g"),
                topics: ["jobs"]
            ),
            controller: controller,
            options: WorkerOptions(deadLetters: DeadLetterTopic(with: producer))
        )
        let reader = try KafkaTopicReader(bootstrapServers: broker.bootstrapServers)
        let letters = DeadLetters(in: reader)
        try await withWorker(worker) {
            try await wait("the message behind the bombs") { ran.records.map(\.message) == ["good"] }
            try await wait("two dead letters") { try await letters.list("jobs").count == 2 }
        }
        let list = try await letters.list("jobs")
        #expect(list.map(\.reason) == [.tooLarge, .tooLarge])
        #expect(list.map(\.cut) == [["error-text", "value"], ["error-text", "value", "headers"]])
        #expect(list.map(\.originalOffset) == [0, 1] && list.map(\.originalTopic) == ["jobs", "jobs"])
        #expect(list.map(\.record.key) == [[1], [1]])
        #expect(list.allSatisfy { $0.record.footprint < 4_096 })

        // With a reader that lets as much in, they go back whole; else they stay.
        #expect(try await letters.replay("jobs", with: producer).unreadable == 2)
        var settings2 = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "r")
        settings2.maxRecordBytes = .max
        var options = ReplayOptions()
        options.isDryRun = true
        let wide = DeadLetters(in: try KafkaTopicReader(settings2))
        #expect(try await wide.replay("jobs", with: producer, options: options).replayed == 2)
        await producer.close()
        Scale.tell("decompression bomb", "\(whole) bytes of a record, none copied, 2 dead letters by pointer")
    }

    @Test func aCodecRefusesWhatIsLargerThanItLetsIn() async throws {
        let key = try SecretBoxKey.generate()
        let codecs: [any MessageCodec] = [
            JSONMessageCodec(maximumSize: 300), SecretBoxCodec(key: key, maximumSize: 300),
        ]
        let small = Message(uuid: "u", entrypoint: "e")
        let large = Message(uuid: "u", entrypoint: "e", params: ["x": .string(String(repeating: "a", count: 300))])
        for codec in codecs {
            #expect(try codec.decode(codec.encode(small)) == small)
            #expect(throws: KserError.self) { try codec.encode(large) }
            let bytes = [UInt8](repeating: 0x20, count: 301)
            let error = try #require(#expect(throws: KserError.self) { try codec.decode(bytes) })
            #expect(codec.refusal(of: error) == .tooLarge, "\(error)")
            #expect(error.message.contains("301 bytes"))
        }
        let log = LogKeeper()
        let controller = Controller(codec: codecs[0], logger: KserLogger(level: .debug, sink: log))
        let dispatch = await controller.dispatch(Record(topic: "t", value: [UInt8](repeating: 0x61, count: 400)))
        #expect(dispatch.refusal == .tooLarge && dispatch.result.retcode == 400)
        #expect(!log.text.contains("aaaa"))
    }
}

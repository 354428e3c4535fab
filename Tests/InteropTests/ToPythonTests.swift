import Kser
import KserKafka
import TestSupport
import Testing

/// Messages from here, handled and read by others.
@Suite(.timeLimit(.minutes(3)))
struct ToPythonTests {
    @Test(arguments: PythonPeer.Driver.allCases)
    func pythonHandlesWhatWeSend(_ driver: PythonPeer.Driver) async throws {
        let servers = try await NoidaBroker.shared().bootstrapServers
        let (topic, replies) = ("to-\(driver)", "to-\(driver)-results")
        try await PythonPeer.createTopics([topic: 3, replies: 1], on: servers)
        let messages = try Tasks.make(1_000).map { try Message($0) }

        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers), codec: JSONMessageCodec())
        try await producer.send(contentsOf: messages, to: topic)
        let worker = try await PythonPeer.worker(
            on: servers,
            topic: topic,
            results: replies,
            group: topic,
            driver: driver,
            maximum: messages.count
        )
        #expect(try await worker.finish(within: .seconds(60)).consumed == messages.count)

        let answers = try await PythonPeer.results(messages.count, from: replies, on: servers).map { try Message($0) }
        try expect(answers, agreeWith: try await Tasks.results(of: messages))
        await producer.close()
    }

    @Test func kcatReadsWhatWeSend() async throws {
        let servers = try await NoidaBroker.shared().bootstrapServers
        try await PythonPeer.createTopics(["to-kcat": 1], on: servers)
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers), codec: JSONMessageCodec())
        let message = Message(uuid: "u", entrypoint: "peer.Noop", params: ["name": "Zoë"])
        let headers = [Record.Header("trace", text: "abc"), Record.Header("empty", text: "")]
        try await producer.send(message, to: "to-kcat", key: Array("key".utf8), headers: headers)
        try await producer.send(ProducerRecord(topic: "to-kcat", key: Array("key".utf8), value: nil))
        await producer.close()

        let records = try await Kcat.consume(2, from: "to-kcat", on: servers)
        #expect(records.map(\.key) == ["key", "key"])
        #expect(try Message(records[0].payload ?? "") == message)
        #expect(records[0].headers == ["trace", "abc", "empty", ""])
        #expect(records[1].payload == nil)
    }
}

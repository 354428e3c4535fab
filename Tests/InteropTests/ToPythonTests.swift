import Kser
import KserKafka
import TestSupport
import Testing

extension InteropTests {
    /// Messages from here, handled and read by others.
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
            #expect(try await worker.finish(within: .seconds(90)).consumed == messages.count)

            let answers = try await withDeadline(.seconds(60), "the results on \(replies)") {
                let configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: replies)
                var answers: [Message] = []
                for try await record in try Consumer(configuration, topics: [replies]) {
                    answers.append(try JSONMessageCodec().decode(record.value ?? []))
                    if answers.count == messages.count { break }
                }
                return answers
            }
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
}

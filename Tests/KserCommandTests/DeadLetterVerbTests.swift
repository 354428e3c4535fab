import Foundation
import Kser
import KserCrypto
import KserKafka
import TestSupport
import Testing

extension KserCommandTests {
    struct DeadLetterVerbTests {
        /// Puts dead letters of unknown entrypoints where a worker would.
        private func desk(_ name: String, letters count: Int) async throws -> Desk {
            let desk = try await Desk(name)
            let producer = try Producer(ProducerConfiguration(bootstrapServers: desk.servers))
            let letters = DeadLetterTopic(with: producer)
            let controller = Controller(logger: .none)
            let worker = Worker(
                consumer: try Consumer(
                    ConsumerConfiguration(bootstrapServers: desk.servers, groupID: desk.topic),
                    topics: [desk.topic]
                ),
                controller: controller,
                options: WorkerOptions(deadLetters: letters)
            )
            let tasks = (0..<count).map { Message(uuid: "t\($0)", entrypoint: "gone.\($0 % 2)") }
            try await producer.send(contentsOf: tasks, to: desk.topic)
            async let running: Void = worker.run()
            try await wait("\(count) dead letters") { try await desk.count(desk.topic + "-dlt") >= count }
            await worker.shutdown()
            try await running
            await producer.close()
            return desk
        }

        private func wait(_ what: String, until isSo: @escaping @Sendable () async throws -> Bool) async throws {
            try await withDeadline(.seconds(60), what) {
                try await poll(isSo)
            }
        }

        @Test func lettersAreListedAndShown() async throws {
            let desk = try await desk("letters", letters: 6)
            let listed = try await Tool.run("dlq", "list", desk.topic, "--json", environment: desk.environment)
            let letters = try Tool.objects(listed)
            #expect(Set(letters.compactMap { $0["uuid"]?.string }) == Set((0..<6).map { "t\($0)" }))
            #expect(
                letters.allSatisfy {
                    $0["reason"] == "unknown-entrypoint" && $0["originalTopic"] == .string(desk.topic)
                }
            )
            let some = try await Tool.run(
                "dlq",
                "list",
                desk.topic,
                "--entrypoint",
                "gone.1",
                environment: desk.environment
            )
            #expect(some.lines.count == 3)
            let first = try #require(letters.first)
            let shown = try await Tool.run(
                "dlq",
                "show",
                desk.topic,
                "\(first["partition"] ?? nil)",
                "\(first["offset"] ?? nil)",
                "--json",
                environment: desk.environment
            )
            #expect(try Tool.objects(shown).first?["message"]?["uuid"] == first["uuid"])
            let none = try await Tool.run("dlq", "show", desk.topic, "0", "999", environment: desk.environment)
            #expect(none.status == 1)
        }

        @Test func sealedLettersAreSealedAnew() async throws {
            let desk = try await Desk("reencode", partitions: 1)
            let (old, new) = (try SecretBoxKey.generate(), try SecretBoxKey.generate())
            let producer = try Producer(ProducerConfiguration(bootstrapServers: desk.servers))
            // Two that the old key opens, and one that no key does.
            for (number, key) in [old, try SecretBoxKey.generate(), old].enumerated() {
                let codec = SecretBoxCodec(key: key)
                let message = Message(uuid: "t\(number)", entrypoint: "mail.send")
                try await producer.send(ProducerRecord(message, to: desk.topic + "-dlt", codec: codec))
            }
            await producer.close()
            let keys = "new=\(new.base64()) old=\(old.base64())"
            let environment = desk.environment.merging(["KSER_SECRETBOX_KEYS": keys]) { $1 }

            let listed = try await Tool.run("dlq", "list", desk.topic, "--json", environment: environment)
            #expect(try Tool.objects(listed).map { $0["uuid"]?.string } == ["t0", nil, "t2"], "\(listed)")
            let replay = ["dlq", "replay", desk.topic, "--reencode"]
            let replayed = try await Tool.start(replay + ["--json"], environment).end(within: .seconds(60))
            #expect(replayed.status == 65, "\(replayed)")
            let report = try #require(try Tool.objects(replayed).first)
            #expect(report["replayed"] == 2)
            #expect(report["unreadable"] == 1)
            #expect(replayed.errorText.contains("1 cannot be read"))
            let again = try await Tool.start(replay + ["--again"], environment).end(within: .seconds(60))
            #expect(again.lines.first?.hasSuffix(", 1 not readable") == true, "\(again)")

            let single = desk.environment.merging(["KSER_SECRETBOX_KEY": new.base64()]) { $1 }
            let shown = try await Tool.run("tail", desk.topic, "--json", environment: single)
            #expect(try Tool.objects(shown).prefix(2).map { $0["message"]?["uuid"] } == ["t0", "t2"], "\(shown)")
        }

        @Test func anInterruptedReplayGoesOnWhereItStopped() async throws {
            let count = 1_000
            let desk = try await desk("replay", letters: count)
            let replay = ["dlq", "replay", desk.topic, "--json"]
            let dry = try await Tool.start(replay + ["--dry-run"], desk.environment).end(within: .seconds(60))
            #expect(try Tool.objects(dry).first?["replayed"] == .integer(Int64(count)))
            #expect(try await desk.count(desk.topic) == count, "a dry run sends nothing")

            let first = try Tool.start(replay + ["--rate", "1000"], desk.environment)
            try await wait("a part of the replay") { try await desk.count(desk.topic) >= count + 200 }
            first.interrupt()
            let stopped = try await first.end(within: .seconds(60))
            #expect(stopped.status == 130, "\(stopped)")
            let part = try #require(try Tool.objects(stopped).first?["replayed"]?.int)
            #expect((1..<count).contains(part))
            #expect(try await desk.count(desk.topic) == count + part)

            let second = try await Tool.start(replay, desk.environment).end(within: .seconds(60))
            #expect(second.status == 0, "\(second)")
            #expect(try Tool.objects(second).first?["replayed"] == .integer(Int64(count - part)))
            let third = try await Tool.start(replay, desk.environment).end(within: .seconds(60))
            #expect(try Tool.objects(third).first?["replayed"] == 0)

            var times: [String: Int] = [:]
            let reader = try KafkaTopicReader(bootstrapServers: desk.servers)
            for (partition, held) in try await reader.offsets(of: desk.topic) {
                try await reader.read(desk.topic, partition: partition, offsets: held) { record in
                    times[try JSONMessageCodec().decode(record.value ?? []).uuid, default: 0] += 1
                    return true
                }
            }
            #expect(times.count == count)
            #expect(times.values.allSatisfy { $0 == 2 }, "each is sent once by the test and once by the replay")
        }
    }
}

import Foundation
import Kser
import KserKafka
import TestSupport
import Testing

extension KserCommandTests {
    struct CancelVerbTests {
        /// A worker of one partition whose handler runs until it is cancelled: one task runs, the others wait.
        private func worker(_ desk: Desk, _ producer: Producer, _ begun: Watched<[String]>) async throws -> Worker {
            let controller = Controller(logger: .none)
            try await controller.register("step") { (_: JSONObject, execution) in
                begun.update { $0.append(execution.uuid) }
                try await Task.sleep(for: .seconds(600))
            }
            let reader = try KafkaTopicReader(bootstrapServers: desk.servers)
            return Worker(
                consumer: try Consumer(
                    ConsumerConfiguration(bootstrapServers: desk.servers, groupID: desk.topic),
                    topics: [desk.topic]
                ),
                controller: controller,
                options: WorkerOptions(
                    replies: Replies(to: desk.topic + "-results", with: producer),
                    cancellations: Cancellations(topic: desk.topic + "-control", in: reader),
                    shutdownSignals: []
                )
            )
        }

        @Test func tasksThatRunAndThatWaitAreCancelled() async throws {
            let desk = try await Desk("cancel", partitions: 1)
            let control = desk.topic + "-control"
            try await desk.admin.createTopics([
                NewTopic(control, partitions: 1), NewTopic(desk.topic + "-results", partitions: 1),
            ])
            let producer = try Producer(ProducerConfiguration(bootstrapServers: desk.servers))
            try await producer.send(
                contentsOf: ["a", "b", "c"].map { Message(uuid: $0, entrypoint: "step") },
                to: desk.topic
            )
            let begun = Watched<[String]>([])
            let worker = try await worker(desk, producer, begun)
            async let running: Void = worker.run()
            try await withDeadline(.seconds(60), "the first task") {
                try await begun.wait { $0 == ["a"] ? () : nil }
            }

            let later = try await Tool.run(
                "cancel",
                "b",
                "c",
                "--topic",
                control,
                "--reason",
                "ordered twice",
                "--json",
                environment: desk.environment
            )
            #expect(later.status == 0, "\(later)")
            #expect(try Tool.objects(later).map { $0["uuid"] } == ["b", "c"])
            let environment = desk.environment.merging(["KSER_CONTROL_TOPIC": control]) { $1 }
            let now = try await Tool.run("cancel", "a", environment: environment)
            #expect(now.lines == ["a is to be cancelled"], "\(now)")

            try await withDeadline(.seconds(60), "a result of each task") {
                try await poll { try await desk.count(desk.topic + "-results") >= 3 }
            }
            await worker.shutdown()
            try await running
            await producer.close()
            #expect(begun.value == ["a"], "what waits is not run")
            let shown = try await Tool.run(
                "tail",
                desk.topic + "-results",
                "--json",
                environment: desk.environment
            )
            let messages = try Tool.objects(shown).compactMap { $0["message"] }
            #expect(messages.map { $0["uuid"] } == ["a", "b", "c"])
            #expect(messages.allSatisfy { $0["result"]?["retcode"] == 499 })
            #expect(messages.last?["result"]?["stderr"]?.string?.contains("ordered twice") == true, "\(shown)")
        }

        @Test func aControlTopicThatNoOneMadeIsNamed() async throws {
            let desk = try await Desk("nocontrol", partitions: 1)
            let missing = try await Tool.run("cancel", "u-1", "-t", "no-control", environment: desk.environment)
            #expect(missing.status == 1)
            #expect(missing.errorText.hasPrefix("kser cancel: there is no topic \"no-control\""))
            #expect(try await !desk.admin.topics().contains { $0.name == "no-control" }, "it must not be made")
        }
    }
}

import Kser
import KserKafka
import KserTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct RetrySnippets {
    @Test func whatFailsIsTriedAgainAndSentBack() async throws {
        let broker = try EmbeddedBroker(
            topics: ["jobs": 1, "jobs-retry-10000": 1, "jobs-retry-600000": 1, "jobs-dlt": 1, "results": 1]
        )
        let servers = broker.bootstrapServers
        let configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "workers")
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        let handled = Requirement("a handled task")
        let controller = Controller(logger: .none)
        try await controller.register("mail.send") { (_: JSONObject, execution) in
            if execution.attempt < 3 { throw KserError.io("the mail server is full") }
            handled.fulfill()
        }

        // README.md: try again
        let topics = RetryTopics([.seconds(10), .seconds(600)], with: producer)  // "jobs-retry-10000", …
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            deadLetters: DeadLetterTopic(with: producer),
            retries: RetryPolicy(inPlace: Backoff(retries: 3, initial: .milliseconds(100)), topics: topics)
        )
        let consumer = try Consumer(configuration, topics: ["jobs"] + topics.names(for: "jobs"))
        let worker = Worker(consumer: consumer, controller: controller, options: options)
        // end

        let running = Task { try await worker.run() }
        try await producer.send(Message(entrypoint: "mail.send"), to: "jobs")
        try await handled.wait(atMost: .seconds(30))

        // README.md: and send back
        let letters = DeadLetters(in: try KafkaTopicReader(bootstrapServers: servers))
        for letter in try await letters.list("jobs") { print(letter) }
        var selection = DeadLetterSelection()
        selection.entrypoints = ["mail.send"]
        let report = try await letters.replay("jobs", selection, with: producer)
        // end

        #expect(report.replayed == 0)
        await worker.shutdown()
        try await running.value
        await producer.close()
    }
}

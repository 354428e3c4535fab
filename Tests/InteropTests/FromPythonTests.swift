import Kser
import KserKafka
import TestSupport
import Testing

extension InteropTests {
    /// Messages from others, handled here.
    struct FromPythonTests {
        @Test(arguments: PythonPeer.Driver.allCases)
        func weHandleWhatPythonSends(_ driver: PythonPeer.Driver) async throws {
            let servers = try await NoidaBroker.shared().bootstrapServers
            let (topic, ours, theirs) = ("from-\(driver)", "from-\(driver)-ours", "from-\(driver)-theirs")
            try await PythonPeer.createTopics([topic: 3, ours: 1, theirs: 1], on: servers)
            let tasks = Tasks.make(1_000)
            try await PythonPeer.send(tasks, to: topic, on: servers, driver: driver)

            let python = try await PythonPeer.worker(
                on: servers,
                topic: topic,
                results: theirs,
                group: "python-\(driver)",
                driver: driver,
                maximum: tasks.count
            )
            _ = try await python.finish(within: .seconds(90))
            let expected = try await PythonPeer.results(tasks.count, from: theirs, on: servers)

            _ = try await withWorker(on: servers, topic: topic, group: "ours-\(driver)", replies: ours) { handled in
                try await handled.wait { $0.count == tasks.count ? true : nil }
            }
            let answers = try await PythonPeer.results(tasks.count, from: ours, on: servers)
            #expect(answers.count == tasks.count)
            let different = zip(answers.sorted(), expected.sorted()).first { $0 != $1 }
            #expect(different == nil, "as the Python kser reads them, ours and the Python worker's are the same")
        }

        @Test func weHandleWhatKcatWrites() async throws {
            let servers = try await NoidaBroker.shared().bootstrapServers
            let (topic, results) = ("from-kcat", "from-kcat-results")
            try await PythonPeer.createTopics([topic: 2, results: 1], on: servers)
            let tasks = Tasks.make(100)
            try await Kcat.produce(tasks, to: topic, key: "a key", headers: [("a", "b")], on: servers)

            let invocations = try await withWorker(
                on: servers,
                topic: topic,
                group: topic,
                replies: results
            ) { handled in
                try await handled.wait { $0.count == tasks.count ? $0 : nil }
            }
            #expect(invocations.allSatisfy { $0.record?.key == Array("a key".utf8) })
            #expect(invocations.allSatisfy { $0.record?.headers == [Record.Header("a", text: "b")] })

            let replies = try await Kcat.consume(tasks.count, from: results, on: servers)
            let answers = try replies.map { try Message($0.payload ?? "") }
            try expect(answers, agreeWith: try await Tasks.results(of: tasks.map { try Message($0) }))
            #expect(replies.map(\.key) == answers.map(\.uuid))
        }

        @Test func pythonAndWeShareTheGroup() async throws {
            let servers = try await NoidaBroker.shared().bootstrapServers
            let (topic, results) = ("shared", "shared-results")
            try await PythonPeer.createTopics([topic: 4, results: 1], on: servers)
            let tasks = Tasks.make(1_000)

            let python = try await PythonPeer.worker(on: servers, topic: topic, results: results, group: topic)
            let (ours, answers) = try await withWorker(
                on: servers,
                topic: topic,
                group: topic,
                replies: results
            ) { handled in
                try await PythonPeer.members(2, of: topic, on: servers)
                try await PythonPeer.send(tasks, to: topic, on: servers)
                let answers = try await PythonPeer.results(tasks.count, from: results, on: servers)
                return (handled.value.count, answers)
            }
            let theirs = try await python.stop().consumed

            try expect(
                answers.map { try Message($0) },
                agreeWith: try await Tasks.results(of: tasks.map { try Message($0) })
            )
            #expect(ours > 0 && theirs > 0, "both had partitions")
            #expect(ours + theirs == tasks.count, "every task was handled by one of them")
            let written = try await Admin(bootstrapServers: servers).offsets(ofTopic: results, partition: 0)
            #expect(written.count == tasks.count, "no task was answered twice")
        }

        /// Runs a worker of ours beside `body`, which sees what is handled, and shuts it down.
        private func withWorker<Value: Sendable>(
            on servers: String,
            topic: String,
            group: String,
            replies: String,
            _ body: @escaping @Sendable (Watched<[Invocation]>) async throws -> Value
        ) async throws -> Value {
            let producer = try Producer(ProducerConfiguration(bootstrapServers: servers), codec: JSONMessageCodec())
            let configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: group)
            let handled = Watched<[Invocation]>([])
            let worker = Worker(
                consumer: try Consumer(configuration, topics: [topic]),
                controller: try await Tasks.controller { invocation in handled.update { $0.append(invocation) } },
                options: WorkerOptions(replies: Replies(to: replies, with: producer))
            )
            async let running: Void = worker.run()
            let value = try await withDeadline(.seconds(90), "the work on \(topic)") { try await body(handled) }
            await worker.shutdown()
            try await running
            await producer.close()
            return value
        }
    }
}

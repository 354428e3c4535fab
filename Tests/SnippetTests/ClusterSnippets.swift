import Foundation
import Kser
import KserKafka
import KserStore
import TestSupport
import Testing

private struct DiceRoll: TaskEntrypoint {
    func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
        let rolled = execution.result.retval["rolls"]?.int ?? 0
        return execution.result(retval: ["rolls": .integer(Int64(rolled + 1))])
    }
}

private struct DiceLaunch: OperationEntrypoint {
    func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
        [TaskCall(DiceRoll()), TaskCall(DiceRoll()), TaskCall(DiceRoll())]
    }
}

@Suite(.timeLimit(.minutes(3))) struct ClusterSnippets {
    @Test func operationsRunAcrossMachines() async throws {
        let broker = try EmbeddedBroker(topics: ["dice": 3])
        let servers = broker.bootstrapServers
        let server = try await PostgresServer()
        let url = server.connectionString
        let producer = try Producer(ProducerConfiguration(bootstrapServers: servers))
        let consumer = try Consumer(
            ConsumerConfiguration(bootstrapServers: servers, groupID: "workers"),
            topics: ["dice"]
        )
        let controller = Controller(logger: .none)
        try await controller.register(DiceRoll())
        let running = Watched<Task<Void, any Error>?>(nil)
        let ended = Watched<Worker?>(nil)
        func start(_ worker: Worker) {
            ended.update { $0 = worker }
            running.update { $0 = Task { try await worker.run() } }
        }

        // README.md: operations across machines
        let store = try await PostgresOperationStore(url)  // or SQLiteOperationStore(path: path), for one machine
        let cluster = OperationCluster(store: store, producer: producer, topic: "dice")
        let worker = Worker(
            consumer: consumer,
            controller: controller,
            options: WorkerOptions(operations: cluster)
        )
        start(worker)  // on every machine

        let operation = try await DiceLaunch().build().launch(on: cluster)
        for try await progress in operation.progress { print(progress) }  // RUNNING, 1 of 3 tasks done, …
        let result = try await operation.result()
        // end

        #expect(result.retval["rolls"]?.int == 3)
        await worker.shutdown()
        try await running.value?.value
        await producer.close()
    }

    @Test func resultsAndOffsetsShareATransaction() async throws {
        let broker = try await NoidaBroker()
        let servers = broker.bootstrapServers
        try await Admin(bootstrapServers: servers).createTopics([
            NewTopic("jobs", partitions: 1), NewTopic("jobs-dlt", partitions: 1), NewTopic("results", partitions: 1),
        ])
        let configuration = ProducerConfiguration(bootstrapServers: servers)

        // README.md: exactly once
        let producer = try TransactionalProducer(configuration, id: "mailers-1")  // one id for each worker process
        let options = WorkerOptions(
            replies: Replies(to: "results", with: producer),
            deadLetters: DeadLetterTopic(with: producer),
            transactions: Transactions(with: producer)
        )
        // end

        let controller = Controller(logger: .none)
        try await controller.register("mail.send") { (_: JSONObject, execution) in execution.result(stdout: "sent") }
        let sender = try Producer(configuration)
        try await sender.send(Message(uuid: "u", entrypoint: "mail.send"), to: "jobs")
        await sender.close()
        let consumer = try Consumer(
            ConsumerConfiguration(bootstrapServers: servers, groupID: "workers"),
            topics: ["jobs"]
        )
        let worker = Worker(consumer: consumer, controller: controller, options: options)
        let running = Task { try await worker.run() }
        let results = try Consumer(
            ConsumerConfiguration(bootstrapServers: servers, groupID: "reader"),
            topics: ["results"]
        )
        for try await record in results {
            #expect(try JSONMessageCodec().decode(record.value ?? []).result.stdout == "sent")
            break
        }
        await worker.shutdown()
        try await running.value
        await producer.close()
    }
}

/// Workers that run the tasks of operations together: the store they share, and the topic that tasks travel on.
///
///     let cluster = OperationCluster(store: store, producer: producer, topic: "dice")
///     let worker = Worker(consumer: consumer, controller: controller, options: WorkerOptions(operations: cluster))
///     let operation = try await DiceLaunch().build(["faces": 6]).launch(on: cluster)
///     for try await progress in operation.progress { print(progress) }
///
/// Every worker of the topic needs the cluster, and the tasks' entrypoints in its controller; a Python worker would run a
/// task and send nothing after it. Whichever finishes a task records its result, sends the
/// next task, and only then completes its message. A worker that dies at any point leaves its message to another one,
/// which goes on from what the store holds:
///
/// | it died | the next worker |
/// |---|---|
/// | before the result was recorded | runs the task again; one result is recorded |
/// | after, before the next task was sent | sends the next task with the recorded result |
/// | after that, before its offset was committed | sends at most a copy, which no worker takes |
///
/// The message that begins a task owns it: copies of it, wherever they come from, change nothing.
///
/// When an operation begins and ends, the worker that has its entrypoint registered calls its hooks `setStatus`,
/// `onSuccess` and `onError`, at least once; workers that do not have it go on without them. Params, metadata and
/// results are in the store as they are: keep secrets out of them, or the store safe.
public struct OperationCluster: Sendable {
    /// Where operations are kept.
    public let store: any OperationStore
    /// Sends the messages of tasks.
    public let producer: any MessageProducer
    /// The topic that tasks travel on.
    public var topic: String
    /// The topics of entrypoints that have one of their own, by path.
    public var topics: [String: String]
    /// How often progress is read from the store; half a second by default.
    public var pollInterval = Duration.milliseconds(500)
    /// How often a worker looks for operations whose launching or resuming was interrupted before their tasks were sent,
    /// and how long it leaves them to who began it; a minute by default.
    public var recoveryInterval = Duration.seconds(60)
    package var clock = WorkerClock.system

    /// Makes a cluster.
    ///
    /// - Parameters:
    ///   - store: where operations are kept.
    ///   - producer: sends the messages of tasks.
    ///   - topic: the topic that tasks travel on.
    ///   - topics: the topics of entrypoints that have one of their own, by path.
    public init(
        store: any OperationStore,
        producer: any MessageProducer,
        topic: String,
        topics: [String: String] = [:]
    ) {
        self.store = store
        self.producer = producer
        self.topic = topic
        self.topics = topics
    }

    /// A launched operation, to look at and to control. It need not be in the store yet.
    public func operation(_ uuid: String) -> LaunchedOperation { LaunchedOperation(uuid: uuid, cluster: self) }
}

extension OperationCluster {
    /// Sends the tasks of operations whose launching, resuming, cancelling or retrying was interrupted after it was
    /// stored, such as by a crash. Workers do it by themselves; see ``recoveryInterval``.
    ///
    /// - Parameter age: only operations that have not changed for this long.
    /// - Returns: how many operations were sent on.
    /// - Throws: ``StoreError``, or why the tasks of an operation could not be sent, the first one's; the others' were.
    @discardableResult
    public func recover(unchangedFor age: Duration) async throws -> Int {
        let time = clock.now().subtractingSaturating(age.milliseconds)
        let uuids = try await store.unsentOperations(unchangedSince: time, limit: 1_000)
        var failure: (any Error)?
        for uuid in uuids {
            do {
                if let record = try await store.operation(uuid) { try await sendOwed(by: "", of: record) }
            } catch let error as CancellationError {
                throw error
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return uuids.count
    }

    /// Recovers until it is cancelled.
    func keepRecovering(_ logger: KserLogger) async {
        while !Task.isCancelled {
            do {
                let count = try await recover(unchangedFor: recoveryInterval)
                if count > 0 { log(.warning, "sent the tasks of \(count) interrupted operation(s)", logger) }
            } catch is CancellationError {
                return
            } catch {
                log(.error, "not recovered, trying again in \(recoveryInterval): \(error)", logger)
            }
            try? await clock.sleep(recoveryInterval)
        }
    }

    func log(_ level: LogLevel, _ text: @autoclosure () -> String, _ logger: KserLogger) {
        logger.log(level) { LogRecord(level, logger: "kser.sequencing.cluster", "Cluster: \(text())") }
    }
}

extension OperationCluster {
    /// An operation before and after a change, and what the change tells.
    struct Changed<Outcome> {
        var before: OperationRecord
        var after: OperationRecord
        var outcome: Outcome
    }

    /// Works out a change and sets it, again with the operation as it has become when someone else was faster.
    ///
    /// - Parameters:
    ///   - uuid: the uuid of the operation.
    ///   - known: the operation as it was read before.
    ///   - body: changes the operation; when it leaves it as it is, nothing is written.
    /// - Returns: the operation before and after, and what the body gave.
    /// - Throws: ``StoreError``; what the body throws.
    func change<Outcome>(
        _ uuid: String,
        from known: OperationRecord? = nil,
        _ body: (inout OperationRecord) async throws -> Outcome
    ) async throws -> Changed<Outcome> {
        var known = known
        while true {
            let read = known == nil ? try await store.operation(uuid) : known
            guard let before = read else {
                throw StoreError(
                    .notFound,
                    "There is no such operation in the store; it was pruned, or launched with another store",
                    uuid: uuid
                )
            }
            var after = before
            let outcome = try await body(&after)
            if after == before { return Changed(before: before, after: after, outcome: outcome) }
            after.version += 1
            if try await store.replace(before, with: after) {
                return Changed(before: before, after: after, outcome: outcome)
            }
            known = nil
        }
    }

    /// The record that carries the message of a task.
    func producerRecord(for task: TaskRecord, of operation: OperationRecord) throws -> ProducerRecord {
        try ProducerRecord(
            operation.message(for: task),
            to: topics[task.entrypoint] ?? topic,
            codec: producer.codec
        )
    }

    /// Sends, as a client, the tasks that a record or a client owes, and notes that it did.
    func sendOwed(by cause: String, of operation: OperationRecord) async throws {
        let owed = operation.owed(by: cause)
        if owed.isEmpty { return }
        var deliveries: [Delivery] = []
        for task in owed { deliveries.append(try await producer.enqueue(producerRecord(for: task, of: operation))) }
        for delivery in deliveries { _ = try await delivery.metadata() }
        var noted = operation
        noted.noteSent()
        noted.version += 1
        // When the operation has gone on in the meantime, there is nothing to note.
        _ = try await store.replace(operation, with: noted)
    }
}

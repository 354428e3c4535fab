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
/// The message that begins a task owns it: copies of it, wherever they come from, change nothing. Each run of a task is an
/// attempt that the store numbers: of a task that runs twice, since its partition has moved, the later run counts.
///
/// What is lost all the same, a message or the record that was to send it, is sent again by any worker, sooner or later:
/// see ``recoveryInterval``, ``resendInterval`` and ``attemptTimeout``. Workers fail operations whose time is over.
///
/// When an operation begins and ends, the worker that has its entrypoint registered calls its hooks `setStatus`,
/// `onSuccess` and `onError`, once unless it dies meanwhile; workers that do not have it go on without them. The operation
/// ends when its hooks have been called. Params, metadata and results are in the store as they are: keep secrets out of
/// them, or the store safe.
///
/// A message says which store has its operation. A worker with another store lets it wait, and is not ready.
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
    /// How often a worker looks for operations that stand still, and how long it leaves tasks to be sent to who launched or
    /// resumed their operation; a minute by default.
    public var recoveryInterval = Duration.seconds(60)
    /// How long a message may wait until it counts as lost and its task is sent once more; 10 minutes by default, and
    /// twice as long with each time, up to 64 times. Copies of messages that were only slow are dropped.
    public var resendInterval = Duration.seconds(600)
    /// How long a task that is being run may be without a sign of life of its worker until it is sent once more; 5 minutes
    /// by default. Workers give signs in good time.
    public var attemptTimeout = Duration.seconds(300)
    /// How long workers keep operations after their end; nil, the default, keeps them for ever. Of a store that several
    /// clusters use, the shortest counts.
    public var retention: OperationRetention?
    /// Who is told of the states that operations come to because of this program, such as by ``LaunchedOperation/cancel(force:)``;
    /// nil tells nobody. Workers tell the monitor of their controller.
    public var monitor: (any KserMonitor)?
    package var clock = WorkerClock.system
    let state = ClusterState()

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
    /// What tells the store from others.
    func identity() async throws -> String {
        if let known = state.identity { return known }
        let identity = try await store.identity()
        state.identity = identity
        return identity
    }

    /// Changes an operation, in the way that this cluster's settings say.
    ///
    /// - Parameters:
    ///   - uuid: the uuid of the operation.
    ///   - controller: whose entrypoints are known; nil for none.
    ///   - body: changes the operation. It may be called again.
    /// - Returns: what the body gives; nil when there is no such operation.
    /// - Throws: ``StoreError``; what the body throws.
    func change<Outcome: Sendable>(
        _ uuid: String,
        on controller: Controller? = nil,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Outcome
    ) async throws -> Outcome? {
        let patience = OperationDraft.Patience(
            lease: attemptTimeout.milliseconds,
            launch: recoveryInterval.milliseconds,
            message: resendInterval.milliseconds
        )
        let changed = try await store.change(uuid, at: clock.now()) { draft throws(StoreError) in
            let before = draft.head.status
            draft.patience = patience
            draft.hasHooks = controller?.operation(at: draft.head.entrypoint) != nil
            let outcome = try body(&draft)
            return (outcome: outcome, path: draft.head.entrypoint, before: before, after: draft.head.status)
        }
        guard let changed else { return nil }
        if changed.before != changed.after, let monitor = controller?.monitor ?? monitor {
            let execution = Execution(
                uuid: uuid,
                path: changed.path,
                isTask: true,
                status: changed.before,
                logger: .none
            )
            monitor.operationChanged(execution, to: changed.after)
        }
        return changed.outcome
    }

    func missing(_ uuid: String) -> StoreError {
        StoreError(
            .notFound,
            "There is no such operation in the store; it was pruned, or launched with another store",
            uuid: uuid
        )
    }

    /// The record that carries the message of a task.
    func record(for due: DueTask, in identity: String) throws -> ProducerRecord {
        var record = try ProducerRecord(
            OperationTicket.message(for: due, in: identity),
            to: due.task.topic ?? self.topic(of: due.task.entrypoint),
            headers: due.trace?.recordHeaders ?? [],
            codec: producer.codec
        )
        record.keepsTrace = due.trace != nil
        return record
    }

    /// The topic that tasks of an entrypoint travel on.
    func topic(of entrypoint: String) -> String { topics[entrypoint] ?? topic }

    /// Sends, as a client, tasks of an operation, and notes that it did.
    func send(_ due: [DueTask], of uuid: String) async throws {
        if due.isEmpty { return }
        let identity = try await identity()
        var deliveries: [Delivery] = []
        for task in due { deliveries.append(try await producer.enqueue(record(for: task, in: identity))) }
        for delivery in deliveries { _ = try await delivery.metadata() }
        let uuids = due.map(\.task.uuid)
        // When the operation has gone on in the meantime, there is nothing to note.
        _ = try await change(uuid) { draft throws(StoreError) in try draft.noteSent(uuids) }
    }

    func log(_ level: LogLevel, _ text: @autoclosure () -> String, _ logger: KserLogger) {
        logger.log(level) { LogRecord(level, logger: "kser.sequencing.cluster", "Cluster: \(text())") }
    }
}

/// Lets tasks be cancelled by their uuid from any machine, through a control topic that every worker reads as a whole.
///
///     let reader = try KafkaTopicReader(bootstrapServers: "kafka:9092")
///     let options = WorkerOptions(cancellations: Cancellations(topic: "jobs-control", in: reader))
///
/// and anywhere
///
///     try await TaskCanceller(topic: "jobs-control", with: producer).cancel("5f0c…", reason: "ordered twice")
///
/// A handler that runs is cancelled as Swift tasks are; one that has not begun is not run, in whichever worker and attempt
/// the message comes up. Its result is an error of the kind ``KserError/Kind/cancelled`` with `retcode` 499, which is
/// replied; the message is done, neither tried again nor a dead letter, unless an ``OutcomeClassifier`` of your own says
/// so. A handler that succeeds all the same has succeeded.
///
/// Workers remember the last ``capacity`` cancellations for ``lifetime``: make that longer than messages wait in their
/// topics. A worker that starts reads as many again before it takes records, so it knows what was cancelled before. Until
/// it is forgotten, a uuid stays cancelled, also when it is sent again.
///
/// The topic has to exist; one partition is enough, and ones that are added while a worker runs are not read. There are no
/// dead letters of it: what is no cancellation is logged as a warning and passed over. A topic that cannot be read is
/// logged as an error and tried again, while the worker goes on without.
public struct Cancellations: Sendable {
    /// The control topic.
    public var topic: String
    /// How many cancellations are remembered; default 10,000.
    public var capacity: Int
    /// How long a cancellation is remembered; default 1 hour.
    public var lifetime: Duration
    /// How long a worker that starts waits for the cancellations there are, before it takes records; default 10 seconds.
    public var patience = Duration.seconds(10)
    let reader: any TopicReader

    /// Takes cancellations from a topic.
    ///
    /// - Parameters:
    ///   - topic: the control topic.
    ///   - capacity: how many cancellations are remembered.
    ///   - lifetime: how long a cancellation is remembered.
    ///   - reader: reads the topic: `KserKafka`'s reader, or the in-memory broker of `KserTesting`.
    public init(
        topic: String,
        capacity: Int = 10_000,
        lifetime: Duration = .seconds(3_600),
        in reader: any TopicReader
    ) {
        self.topic = topic
        self.capacity = max(1, capacity)
        self.lifetime = lifetime
        self.reader = reader
    }
}

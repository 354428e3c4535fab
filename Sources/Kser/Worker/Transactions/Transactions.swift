/// Makes a worker commit what comes of its messages together with their offsets, in transactions: exactly once for
/// readers that read only what is committed.
///
///     let producer = try TransactionalProducer(ProducerConfiguration(bootstrapServers: "kafka:9092"), id: "mailers-1")
///     let options = WorkerOptions(
///         replies: Replies(to: "results", with: producer),
///         deadLetters: DeadLetterTopic(with: producer),
///         transactions: Transactions(with: producer)
///     )
///
/// In a transaction are the replies, the records for retry and dead-letter topics, whichever producer those name, what
/// handlers send through the transactional producer, and the offsets of the messages. What the sends of a failed
/// attempt would have been is dropped. A message that was handled when its worker died is handled again, and what came
/// of it the first time was never committed: other effects of handlers are at least once, as ever.
///
/// A transaction takes many messages, since it takes some milliseconds however many they are. One that is aborted is
/// tried again, without running the handlers again. When the producer is of no further use, because another one of the
/// same identity shut it out, say, the worker ends with the error.
public struct Transactions: Sendable {
    /// The most messages of one transaction; default 1,000.
    public var maxMessages: Int
    /// How long a message that is handled waits for others at most; default 100 milliseconds.
    public var maxDelay: Duration
    let producer: any TransactionalMessageProducer

    /// Makes transactions of a producer, which the worker has for itself.
    public init(
        with producer: some TransactionalMessageProducer,
        maxMessages: Int = 1_000,
        maxDelay: Duration = .milliseconds(100)
    ) {
        self.producer = producer
        self.maxMessages = max(1, maxMessages)
        self.maxDelay = maxDelay
    }
}

public import Kser

/// A producer whose sends are counted; see ``WorkerMetrics/counting(_:)``.
public struct CountingProducer: MessageProducer {
    let base: any MessageProducer
    let metrics: MessageMetrics

    /// The producer's own.
    public var codec: any MessageCodec { base.codec }
    /// The producer's own.
    public var logger: KserLogger { base.logger }
    /// The producer's own.
    public var name: String { base.name }

    /// The producer's own.
    public func receipt(for message: Message, topic: String) -> String { base.receipt(for: message, topic: topic) }

    /// The producer's own.
    public func receipt(forCount count: Int, topic: String) -> String { base.receipt(forCount: count, topic: topic) }

    /// Sends the record, and counts it.
    ///
    /// - Throws: what the producer throws.
    public func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        try await counting(record.topic, since: .now) { try await base.send(record) }
    }

    /// Hands the record over; it is counted when its delivery is awaited.
    ///
    /// - Throws: what the producer throws.
    public func enqueue(_ record: ProducerRecord) async throws -> Delivery {
        let start = ContinuousClock.now
        let topic = record.topic
        do {
            let delivery = try await base.enqueue(record)
            return Delivery { try await counting(topic, since: start) { try await delivery.metadata() } }
        } catch {
            metrics.sent(to: topic, after: start.duration(to: .now), error)
            throw error
        }
    }

    private func counting(
        _ topic: String,
        since start: ContinuousClock.Instant,
        _ send: () async throws -> RecordMetadata
    ) async throws -> RecordMetadata {
        do {
            let sent = try await send()
            metrics.sent(to: topic, after: start.duration(to: .now), nil)
            return sent
        } catch {
            metrics.sent(to: topic, after: start.duration(to: .now), error)
            throw error
        }
    }
}

extension WorkerMetrics {
    /// A producer that does what this one does, and counts what it sends and how long that takes.
    ///
    ///     let producer = metrics.counting(try Producer(configuration))
    ///
    /// Give it to `Replies`, `RetryTopics` and `DeadLetterTopic` too, so that what they send is counted.
    public func counting(_ producer: some MessageProducer) -> CountingProducer {
        CountingProducer(base: producer, metrics: messages)
    }
}

public import Kser

/// Sends messages and records to Kafka. A send returns after the broker's acknowledgement.
///
///     let producer = try Producer(ProducerConfiguration(bootstrapServers: "kafka:9092"))
///     try await producer.send(Message(entrypoint: "mail.send", params: ["to": "you"]), to: "mails")
///     await producer.close()
///
/// One producer serves any number of tasks. Records that one task enqueues keep their order within a partition. When the
/// queue is full, sends wait for room. When the brokers lost track of an idempotent producer's records, by losing data
/// themselves, those on their way fail with errors that may be retried (each of them may be there all the same), and
/// the producer goes on. Releasing the last reference closes the producer in the background.
public final class Producer: MessageProducer {
    /// Turns messages into record values.
    public let codec: any MessageCodec
    /// Where kser's producer lines and librdkafka's lines go.
    public let logger: KserLogger
    /// ``ProducerConfiguration/messageMaxBytes``.
    public let recordSizeLimit: RecordSizeLimit?
    private let core: ProducerCore

    /// Makes a producer; it connects in the background.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - codec: turns messages into record values.
    ///   - logger: takes kser's producer lines and, as `kser.kafka`, librdkafka's.
    /// - Throws: ``KafkaError`` that names the setting that is missing or refused.
    public init(
        _ configuration: ProducerConfiguration,
        codec: any MessageCodec = JSONMessageCodec(),
        logger: KserLogger = .none
    ) throws {
        self.codec = codec
        self.logger = logger
        recordSizeLimit = configuration.recordSizeLimit
        core = try ProducerCore(configuration, logger: logger)
        try core.start()
    }

    deinit { core.beginClose() }

    /// Sends a record and waits for the broker's acknowledgement.
    ///
    /// A task that is cancelled gets `CancellationError` at once, though a record that was handed over may still be
    /// delivered.
    ///
    /// - Returns: where the record came to stand.
    /// - Throws: ``KafkaError``: `queueFull` when there was no room within ``ProducerConfiguration/queueTimeout``,
    ///   otherwise why it was not delivered within ``ProducerConfiguration/deliveryTimeout``; `CancellationError`.
    @discardableResult
    public func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        if let promise = try core.enqueueAtOnce(record) { return try await promise.value() }
        return try await core.enqueue(record).value()
    }

    /// Hands a record over, in order with those handed over before; it waits for room, not for the acknowledgement.
    ///
    /// - Returns: the outcome to come. It may be dropped: the record is sent all the same.
    /// - Throws: ``KafkaError`` when the record was not taken; `CancellationError`.
    public func enqueue(_ record: ProducerRecord) async throws -> Delivery {
        let promise = try await core.enqueue(record)
        return Delivery { try await promise.value() }
    }

    /// Sends records in order and waits once, for all of them.
    ///
    /// - Returns: where they came to stand, in the order given.
    /// - Throws: ``KafkaError/Code/bulk`` with ``KafkaError/failedIndices`` and the first error as cause; all others were
    ///   delivered. `CancellationError` at once, though records that were handed over may still be delivered.
    @discardableResult
    public func send(contentsOf records: some Sequence<ProducerRecord>) async throws -> [RecordMetadata] {
        var bulk = Bulk()
        for record in records {
            do {
                bulk.append(try await core.enqueue(record))
            } catch let error as CancellationError {
                throw error
            } catch {
                bulk.append(failure: error)
            }
        }
        return try await bulk.outcome()
    }

    /// Sends what lingers and waits until no record is on its way.
    ///
    /// - Parameter timeout: how long to wait at most.
    /// - Throws: ``KafkaError/Code/timedOut`` when records are left; `CancellationError`.
    public func flush(timeout: Duration = .seconds(60)) async throws { try await core.flush(timeout: timeout) }

    /// Waits for the records on their way, at most ``ProducerConfiguration/closeTimeout``, and ends the producer. Records
    /// left then fail with ``KafkaError/Code/abandoned``; later sends with ``KafkaError/Code/closed``. It may be called
    /// again.
    public func close() async {
        core.beginClose()
        await core.closed()
    }
}

/// Records sent together: their outcomes to come, and those that failed before they were handed over.
private struct Bulk {
    private var promises: [Promise<RecordMetadata>?] = []
    private var failures: [(index: Int, error: any Error)] = []

    mutating func append(_ promise: Promise<RecordMetadata>) { promises.append(promise) }

    mutating func append(failure: any Error) {
        failures.append((promises.count, failure))
        promises.append(nil)
    }

    mutating func outcome() async throws -> [RecordMetadata] {
        var sent: [RecordMetadata] = []
        sent.reserveCapacity(promises.count)
        for (index, promise) in promises.enumerated() {
            guard let promise else { continue }
            do {
                sent.append(try await promise.value())
            } catch let error as CancellationError {
                throw error
            } catch {
                failures.append((index, error))
            }
        }
        if failures.isEmpty { return sent }
        throw Self.error(failures.sorted { $0.index < $1.index }, of: promises.count)
    }

    private static func error(_ failures: [(index: Int, error: any Error)], of count: Int) -> any Error {
        guard let first = failures.first else { return CancellationError() }
        let cause = first.error as? KafkaError
        var error = KafkaError(
            .bulk,
            "\(failures.count) of \(count) records were not delivered, the first of them number \(first.index): "
                + "\(first.error)",
            topic: cause?.topic,
            partition: cause?.partition,
            isRetriable: failures.allSatisfy { ($0.error as? KafkaError)?.isRetriable == true },
            isFatal: failures.contains { ($0.error as? KafkaError)?.isFatal == true },
            cause: first.error
        )
        error.failedIndices = failures.map(\.index)
        if let cause {
            error.rdKafkaCode = cause.rdKafkaCode
            error.rdKafkaName = cause.rdKafkaName
        }
        return error
    }
}

#if DistributedTracing
import ServiceContextModule
import Tracing

/// A producer whose messages continue the trace of `ServiceContext.current`: each has a span `send` of its topic, whose
/// context goes with it; see ``DistributedTracing/traced(_:)``.
///
/// A record that is sent without a current context, such as a worker's retry, continues the trace that its headers name.
public struct ServiceTracedProducer<Base: MessageProducer>: MessageProducer {
    /// The producer that sends.
    public let base: Base
    let tracing: DistributedTracing

    /// Turns messages into record values.
    public var codec: any MessageCodec { base.codec }
    /// Where kser's producer lines go.
    public var logger: KserLogger { base.logger }
    /// The name in log lines.
    public var name: String { base.name }

    /// The text of a successful result, for people.
    public func receipt(for message: Message, topic: String) -> String { base.receipt(for: message, topic: topic) }

    /// The text of a successful result for several messages, for people.
    public func receipt(forCount count: Int, topic: String) -> String { base.receipt(forCount: count, topic: topic) }

    /// Sends a message with its span, and waits until it is delivered.
    public func deliver(_ message: Message, in record: ProducerRecord) async throws -> RecordMetadata {
        var message = message
        let span = start(record.topic, record.headers, &message)
        return try await sending(span) { try await base.deliver(message, in: written(record, span.context)) }
    }

    /// Sends messages with a span each, and waits until they are delivered.
    public func deliver(contentsOf messages: some Sequence<Message>, to topic: String) async throws -> [RecordMetadata]
    {
        var deliveries: [Delivery] = []
        for var message in messages {
            let span = start(topic, [], &message)
            let delivery = try await sending(span) {
                let record = try ProducerRecord(message, to: topic, codec: codec)
                return try await base.enqueue(written(record, span.context))
            }
            deliveries.append(delivery)
        }
        var sent: [RecordMetadata] = []
        for delivery in deliveries { sent.append(try await delivery.metadata()) }
        return sent
    }

    /// Sends a record with its span, and waits until it is delivered.
    public func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        let span = start(record.topic, record.headers, [:])
        return try await sending(span) { try await base.send(written(record, span.context)) }
    }

    /// Hands a record over. Its span ends at once: the delivery may never be asked for.
    public func enqueue(_ record: ProducerRecord) async throws -> Delivery {
        let span = start(record.topic, record.headers, [:])
        return try await sending(span) { try await base.enqueue(written(record, span.context)) }
    }

    private func start(_ topic: String, _ headers: [Record.Header], _ metadata: JSONObject) -> any Span {
        let context = ServiceContext.current ?? tracing.context(in: headers, metadata)
        let span = tracing.tracer.startAnySpan("send \(topic)", context: context, ofKind: .producer)
        span.attributes.merge(DistributedTracing.attributes("send", topic: topic))
        return span
    }

    /// Starts the span of a message, and writes its context into the message's metadata.
    private func start(_ topic: String, _ headers: [Record.Header], _ message: inout Message) -> any Span {
        let span = start(topic, headers, message.metadata)
        span.attributes["messaging.message.id"] = message.uuid
        span.attributes["kser.entrypoint"] = message.entrypoint
        if let carrier = tracing.carrier(of: span.context) {
            message.metadata[DistributedTracing.metadataKey] = carrier
        }
        return span
    }

    private func written(_ record: ProducerRecord, _ context: ServiceContext) -> ProducerRecord {
        var record = record
        record.headers = tracing.headers(of: context, beside: record.headers, isSealed: codec.isSealing)
        return record
    }

    private func sending<Value>(_ span: any Span, _ send: () async throws -> Value) async throws -> Value {
        defer { span.end() }
        do {
            let value = try await send()
            if let metadata = value as? RecordMetadata {
                span.attributes["messaging.destination.partition.id"] = String(metadata.partition)
                if let offset = metadata.offset { span.attributes["messaging.kafka.offset"] = offset }
            }
            return value
        } catch {
            span.attributes["error.type"] = String(describing: type(of: error))
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error))
            throw error
        }
    }
}

extension DistributedTracing {
    /// A producer that does what this one does, with a span for what it sends.
    ///
    /// Give it to `Replies`, `RetryTopics` and `DeadLetterTopic` too, so that what they send is traced.
    public func traced<Base: MessageProducer>(_ producer: Base) -> ServiceTracedProducer<Base> {
        ServiceTracedProducer(base: producer, tracing: self)
    }
}
#endif

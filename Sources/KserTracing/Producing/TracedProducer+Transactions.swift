public import Kser
import OpenTracing

extension TracedProducer: TransactionalMessageProducer where Base: TransactionalMessageProducer {
    /// Makes the producer ready for transactions.
    public func prepare() async throws { try await base.prepare() }

    /// Sends records with a span `send` each, and commits offsets, in one transaction. The spans end with it.
    @discardableResult
    public func commit(
        _ records: [ProducerRecord],
        completing progress: [PartitionProgress]
    ) async throws -> [RecordMetadata] {
        if !tracing.hasSends { return try await base.commit(records, completing: progress) }
        let sendings = records.map { record in
            let plan = sendPlan(record, nil)
            let span = tracing.start(plan, continuing: record)
            return (sending: Sending(span), record: traced(record, tracing.outgoing(SpanFrame(span, plan))))
        }
        do {
            let sent = try await base.commit(sendings.map(\.record), completing: progress)
            for (one, metadata) in zip(sendings, sent) { one.sending.end(with: metadata) }
            return sent
        } catch {
            for one in sendings { one.sending.end(with: error) }
            throw error
        }
    }
}

// What a handler sends waits for the transaction of its message.
extension TracedProducer {
    func keep(_ record: ProducerRecord, in outbox: Outbox) throws -> RecordMetadata {
        guard tracing.hasSends else { return try append(record, to: outbox) }
        let plan = sendPlan(record, nil, "create")
        let span = tracing.start(plan, continuing: [:], record.headers)
        defer { span.finish() }
        return try append(traced(record, tracing.outgoing(SpanFrame(span, plan))), to: outbox)
    }

    func keep(_ message: Message, in record: ProducerRecord, _ outbox: Outbox) throws -> RecordMetadata {
        var (message, record) = (message, record)
        guard tracing.hasSends else {
            if !tracing.tracer.isNoop { message = tracing.written(into: message) }
            try record.write(message, codec: codec)
            return try append(record, to: outbox)
        }
        let plan = sendPlan(record, message, "create")
        let span = tracing.start(plan, continuing: message.metadata, record.headers)
        defer { span.finish() }
        let context = tracing.outgoing(tracing.frame(of: span, plan))
        context.write(tracing.carriers, to: &message.metadata)
        record = traced(record, context)
        try record.write(message, codec: codec)
        return try append(record, to: outbox)
    }

    private func append(_ record: ProducerRecord, to outbox: Outbox) throws -> RecordMetadata {
        try outbox.append(record)
        return RecordMetadata(pending: record)
    }
}

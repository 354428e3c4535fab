public import Kser
import OpenTracing

extension TracedProducer {
    /// Sends messages with a span `create` each, and one `send` that is linked to them.
    public func deliver(contentsOf messages: some Sequence<Message>, to topic: String) async throws -> [RecordMetadata]
    {
        if let outbox {
            return try messages.map { try keep($0, in: ProducerRecord(topic: topic, value: nil), outbox) }
        }
        if tracing.tracer.isNoop { return try await base.deliver(contentsOf: messages, to: topic) }
        guard tracing.convention.hasMessagingSpans else {
            return try await base.deliver(contentsOf: messages.map { tracing.written(into: $0) }, to: topic)
        }
        let created = messages.map { create($0, for: topic) }
        var tags = MessagingTags.fields("send", type: "send", topic: topic, kind: Tags.spanKindRPCClient)
        tags.append("messaging.batch.message_count", .integer(Int64(created.count)))
        let parent = tracing.tracer.activeSpan ?? created.first?.span
        let span = tracing.tracer.startSpan(
            "send \(topic)",
            childOf: parent,
            references: created.prefix(Tracing.maximumLinks).map { .followsFrom($0.span) },
            tags: tags
        )
        return try await tracing.tracer.activate(span, finishOnClose: true) { _ in
            var deliveries: [Delivery] = []
            deliveries.reserveCapacity(created.count)
            for one in created {
                let record = try ProducerRecord(one.message, to: topic, headers: one.headers, codec: codec)
                deliveries.append(try await base.enqueue(record))
            }
            var sent: [RecordMetadata] = []
            sent.reserveCapacity(deliveries.count)
            for delivery in deliveries { sent.append(try await delivery.metadata()) }
            return sent
        }
    }

    /// A message with the context of its span `create`, which ends at once.
    private func create(_ message: Message, for topic: String) -> Created {
        let plan = SpanPlan(name: "create " + topic, step: .entrypoint(.execute)) {
            var tags = MessagingTags.fields("create", type: "create", topic: topic, kind: Tags.spanKindProducer)
            tags.append(message)
            return tags
        }
        let span = tracing.start(plan, continuing: message.metadata, [])
        defer { span.finish() }
        let context = tracing.outgoing(tracing.frame(of: span, plan))
        var message = message
        context.write(tracing.carriers, to: &message.metadata)
        return Created(
            message: message,
            headers: tracing.carriers.contains(.headers) ? context.headers(besideSealed: codec.isSealing) : [],
            span: span
        )
    }
}

private struct Created {
    var message: Message
    var headers: [Record.Header]
    var span: any Span
}

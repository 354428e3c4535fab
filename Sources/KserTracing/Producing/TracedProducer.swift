public import Kser
import OpenTracing

/// A producer whose messages continue the active trace: each has a span `send` of its topic, whose context goes with it.
///
///     let producer = TracedProducer(try Producer(configuration), tracing)
///     try await producer.send(DiceRoll().message(), to: "dice")
///
/// Messages sent together have a span `create` each, and one `send` that is linked to them. A record that is sent without
/// an active span, such as a worker's answer or a retry, continues the trace that its headers name.
///
/// That of a producer for transactions is one too: give it to the worker's `Transactions`. What a handler sends then has a
/// span `create`, and each record of a transaction one `send`.
public final class TracedProducer<Base: MessageProducer>: MessageProducer {
    /// The producer that sends.
    public let base: Base
    let tracing: Tracing
    private let isTransactional: Bool

    /// Makes a traced producer of another one.
    public init(_ base: Base, _ tracing: Tracing) {
        self.base = base
        self.tracing = tracing
        isTransactional = base is any TransactionalMessageProducer
    }

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
        if let outbox { return try keep(message, in: record, outbox) }
        if tracing.tracer.isNoop { return try await base.deliver(message, in: record) }
        guard tracing.convention.hasMessagingSpans else {
            return try await base.deliver(tracing.written(into: message), in: record)
        }
        let plan = sendPlan(record, message)
        let span = tracing.start(plan, continuing: message.metadata, record.headers)
        return try await sending(span, plan) { context in
            var message = message
            context.write(tracing.carriers, to: &message.metadata)
            return try await base.deliver(message, in: traced(record, context))
        }
    }

    /// Sends a record with its span, and waits until it is delivered.
    public func send(_ record: ProducerRecord) async throws -> RecordMetadata {
        if let outbox { return try keep(record, in: outbox) }
        if !tracing.hasSends { return try await base.send(record) }
        let plan = sendPlan(record, nil)
        let span = tracing.start(plan, continuing: record)
        return try await sending(span, plan) { try await base.send(traced(record, $0)) }
    }

    private func sending(
        _ span: any Span,
        _ plan: SpanPlan,
        _ send: (OutgoingContext) async throws -> RecordMetadata
    ) async throws -> RecordMetadata {
        try await tracing.within(span, plan) { frame in
            do {
                let metadata = try await send(tracing.outgoing(frame))
                MessagingTags.note(metadata, on: span)
                return metadata
            } catch {
                MessagingTags.note(error, on: span)
                throw error
            }
        }
    }

    /// Hands a record over, with its span, which ends when the delivery is known to who waits for it.
    public func enqueue(_ record: ProducerRecord) async throws -> Delivery {
        if let outbox { return Delivery(try keep(record, in: outbox)) }
        if !tracing.hasSends { return try await base.enqueue(record) }
        let plan = sendPlan(record, nil)
        let sending = Sending(tracing.start(plan, continuing: record))
        do {
            let frame = SpanFrame(sending.span, plan)
            let delivery = try await base.enqueue(traced(record, tracing.outgoing(frame)))
            return Delivery { try await sending.end(with: delivery) }
        } catch {
            sending.end(with: error)
            throw error
        }
    }

    /// Where records of the message that is being handled wait for its transaction.
    var outbox: Outbox? { isTransactional ? Outbox.current(of: self) : nil }

    func traced(_ record: ProducerRecord, _ context: OutgoingContext) -> ProducerRecord {
        guard tracing.carriers.contains(.headers) else { return record }
        var record = record
        record.headers = context.headers(beside: record.headers, isSealed: codec.isSealing)
        return record
    }

    func sendPlan(_ record: ProducerRecord, _ message: Message?, _ operation: String = "send") -> SpanPlan {
        SpanPlan(name: "\(operation) \(record.topic)", step: .entrypoint(.execute)) {
            let kind = Tags.spanKindProducer
            var tags = MessagingTags.fields(operation, type: operation, topic: record.topic, kind: kind)
            MessagingTags.append(key: record.key, to: &tags)
            if let message { tags.append(message) }
            return tags
        }
    }
}

extension Fields {
    /// What a span of a message says of it.
    mutating func append(_ message: Message) {
        append("messaging.message.id", .string(message.uuid))
        append("kser.entrypoint", .string(message.entrypoint))
    }
}

extension Tracing {
    /// Whether records that are sent have spans.
    var hasSends: Bool { !tracer.isNoop && convention.hasMessagingSpans }

    /// The message with the context of the active span, if there is one.
    func written(into message: Message) -> Message {
        guard let active = tracer.activeSpan else { return message }
        let frame =
            SpanFrame.current.flatMap { $0.span === active ? $0 : nil }
            ?? SpanFrame(
                active,
                SpanPlan(name: message.entrypoint, step: .entrypoint(.execute)) { Fields() },
                startTime: now()
            )
        var message = message
        outgoing(frame).write(carriers, to: &message.metadata)
        return message
    }

    /// Starts a span as a child of the active one, or else of what the record carries; of that alone, when it says so.
    func start(_ plan: SpanPlan, continuing record: ProducerRecord) -> any Span {
        if !record.keepsTrace { return start(plan, continuing: [:], record.headers) }
        return startSpan(plan, childOf: context(in: record.headers), ignoreActiveSpan: true)
    }

    /// Starts a span as a child of the active one, or else of what the message carries.
    func start(_ plan: SpanPlan, continuing metadata: JSONObject, _ headers: [Record.Header]) -> any Span {
        let upstream = tracer.activeSpan == nil ? context(in: headers) ?? context(in: metadata) : nil
        return startSpan(plan, childOf: upstream)
    }
}

import Kser
import OpenTracing

/// A message that a record brought, and its span `process`.
struct Arrival: Sendable {
    private let execution: Execution
    private let record: Record
    private let tracing: Tracing
    /// Which carriers the message's metadata held.
    private let found: TraceCarriers

    init(_ execution: Execution, _ record: Record, _ tracing: Tracing) {
        self.execution = execution
        self.record = record
        self.tracing = tracing
        found = TraceCarriers(in: execution.metadata)
    }

    var plan: SpanPlan {
        SpanPlan(name: "process " + record.topic, step: .entrypoint(.execute)) { tags }
    }

    /// Starts the span; what is active around the worker has no part in it.
    func startSpan(_ plan: SpanPlan) -> any Span {
        let upstream = tracing.takeContext(of: execution)
        switch tracing.relation {
        case .child:
            return tracing.startSpan(plan, childOf: upstream, ignoreActiveSpan: true)
        case .link:
            return tracing.startSpan(
                plan,
                childOf: tracing.pollSpan(of: [record]),
                references: upstream.map { [.followsFrom($0)] } ?? [],
                ignoreActiveSpan: true
            )
        }
    }

    private var tags: Fields {
        var tags = MessagingTags.fields(
            "process",
            type: "process",
            topic: record.topic,
            kind: Tags.spanKindConsumer
        )
        MessagingTags.append(record, to: &tags)
        if let group = tracing.consumerGroup { tags.append("messaging.consumer.group.name", .string(group)) }
        tags.append("messaging.message.id", .string(execution.uuid))
        tags.append("kser.entrypoint", .string(execution.path))
        tags.append("kser.attempt", .integer(Int64(execution.attempt)))
        return tags
    }

    /// Has the answer continue the trace, in the headers and in the carriers that the message itself had.
    func answer(in frame: SpanFrame) {
        execution.replyHeaders = { [tracing] in tracing.outgoing(frame).headers(besideSealed: $0) }
        if found.isEmpty { return }
        let context = tracing.outgoing(frame)
        if found.contains(.tracing) { execution.metadata[TracingCarrier.key] = context.tracing }
        if found.contains(.parentSpan) { execution.metadata[ParentSpanCarrier.key] = context.parentSpan }
    }
}

public import Kser
public import OpenTracing

extension Tracing {
    /// How many messages a span is linked to at most.
    static var maximumLinks: Int { 128 }

    /// Makes a span `process` active in the body, for records that are handled by hand, one or several together.
    ///
    ///     for try await record in partition {
    ///         try await tracing.withProcessSpan(of: [record]) { _ in … }
    ///     }
    ///
    /// The span of one record is a child of the one that sent it, unless ``relation`` says otherwise. That of several is
    /// linked to those (up to 128 of them): they may be of as many traces. It is then under a span `poll`, which begins
    /// a trace of its own.
    ///
    /// - Parameters:
    ///   - records: the records, of one topic.
    ///   - body: what to do.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws; the error is recorded on the span.
    public func withProcessSpan<Value, E: Error>(
        of records: [Record],
        _ body: (any Scope) async throws(E) -> Value
    ) async throws(E) -> Value {
        guard let first = records.first, !tracer.isNoop else {
            return try await tracer.withActiveSpan("process", ignoreActiveSpan: true, body)
        }
        var tags = MessagingTags.fields("process", type: "process", topic: first.topic, kind: Tags.spanKindConsumer)
        if let group = consumerGroup { tags.append("messaging.consumer.group.name", .string(group)) }
        let contexts = records.prefix(Self.maximumLinks).compactMap { context(in: $0.headers) }
        let span: any Span
        if records.count == 1, relation == .child {
            MessagingTags.append(first, to: &tags)
            span = tracer.startSpan(
                "process \(first.topic)",
                childOf: contexts.first,
                tags: tags,
                ignoreActiveSpan: true
            )
        } else {
            tags.append("messaging.batch.message_count", .integer(Int64(records.count)))
            span = tracer.startSpan(
                "process \(first.topic)",
                childOf: pollSpan(of: records),
                references: contexts.map { .followsFrom($0) },
                tags: tags,
                ignoreActiveSpan: true
            )
        }
        return try await tracer.activate(span, finishOnClose: true, body)
    }

    /// A span `poll` that begins a trace for records. It has ended: they are there.
    func pollSpan(of records: [Record]) -> any Span {
        let topic = records.first?.topic ?? ""
        var tags = MessagingTags.fields("poll", type: "receive", topic: topic, kind: Tags.spanKindRPCClient)
        if let group = consumerGroup { tags.append("messaging.consumer.group.name", .string(group)) }
        if records.count > 1 { tags.append("messaging.batch.message_count", .integer(Int64(records.count))) }
        let span = tracer.startSpan("poll \(topic)", tags: tags, ignoreActiveSpan: true)
        span.finish()
        return span
    }
}

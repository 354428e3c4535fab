internal import Foundation
internal import Kser
public import OpenTracing

/// How executions and messages become spans, and how their context travels.
///
///     let tracing = Tracing(tracer)
///     let controller = Controller(tracing: tracing)                       // process, Execute, PreRun, Run, PostRun
///     let producer = TracedProducer(try Producer(configuration), tracing) // send
///     let result = await DiceLaunch().build(tracing: tracing).execute()   // in process
///
/// An operation is one tree: its `Execute` at the root, its `PreRun` and `PostRun` and each task's `Execute` under it,
/// and under that the task's `PreRun`, `Run` and `PostRun`. The span of what runs is the tracer's active one, so spans
/// that a handler starts become its children.
///
/// With a no-op tracer nothing is wrapped, and nothing is written to messages.
public struct Tracing: Sendable {
    /// The tracer.
    public var tracer: any Tracer
    /// What spans are made, and their names and tags.
    public var convention: SpanConvention
    /// Where the context is written in messages that are sent. It is read from wherever it is found.
    public var carriers: TraceCarriers
    /// The tracer's format for headers and for the carrier `tracing`.
    public var format: Format
    /// How the span of a message's processing relates to the one of its sending.
    public var relation: MessageRelation
    /// The consumer group, for the tag `messaging.consumer.group.name`.
    public var consumerGroup: String?
    /// Keys of a result's `retval` that contain one of these words are left out of tags: kser's `password` and `token`, and
    /// more. They are looked for as `Redaction` does.
    public var excludedWords: [String]
    /// The time in seconds since the epoch.
    package var now: @Sendable () -> Double = { Date().timeIntervalSince1970 }

    /// Makes tracing with the defaults.
    ///
    /// - Parameters:
    ///   - tracer: the tracer.
    ///   - convention: what spans are made, and their names and tags.
    ///   - carriers: where the context is written in messages that are sent.
    ///   - format: the tracer's format for headers and for the carrier `tracing`.
    ///   - relation: how the span of a message's processing relates to the one of its sending.
    ///   - consumerGroup: the consumer group, for a tag.
    ///   - excludedWords: words in the keys that are left out of tags; nil is the default.
    public init(
        _ tracer: any Tracer,
        convention: SpanConvention = .standard,
        carriers: TraceCarriers = .standard,
        format: Format = .httpHeaders,
        relation: MessageRelation = .child,
        consumerGroup: String? = nil,
        excludedWords: [String]? = nil
    ) {
        self.tracer = tracer
        self.convention = convention
        self.carriers = carriers
        self.format = format
        self.relation = relation
        self.consumerGroup = consumerGroup
        self.excludedWords = excludedWords ?? Redaction.secretWords
    }

    var observer: SpanObserver? { tracer.isNoop ? nil : SpanObserver(self) }
}

/// How the span `process` of a message relates to the span `send` that its context names.
public enum MessageRelation: Sendable, Hashable {
    /// It is a child: one trace from the sender on. For one message this is allowed, and what kser does.
    case child
    /// It is only linked, as OpenTelemetry has it for batches: a span `poll` begins a trace of the worker's own.
    case link
}

/// Where a context is written in a message.
public struct TraceCarriers: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: Int

    /// Makes a set of bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Headers of the Kafka record: what the tracer writes, and `traceparent` and `uber-trace-id`.
    public static let headers = TraceCarriers(rawValue: 1)
    /// `metadata.tracing`, the W3C carrier of `opentelemetry-instrumentation-kser`.
    public static let tracing = TraceCarriers(rawValue: 2)
    /// `metadata.__parent-span__` of kser up to 0.8.22. It has no baggage, and the lower 64 bits of a trace's number.
    public static let parentSpan = TraceCarriers(rawValue: 4)

    /// ``headers`` and ``tracing``.
    public static let standard: TraceCarriers = [.headers, .tracing]
}

#if DistributedTracing
internal import ServiceContextModule
public import Tracing

/// Spans of swift-distributed-tracing for executions and messages; with the trait `DistributedTracing`.
///
///     let tracing = DistributedTracing()
///     let controller = Controller(distributedTracing: tracing)                             // process, Execute, Run, …
///     let producer = tracing.traced(try Producer(configuration))                           // send
///
/// What the tracer injects travels in the headers of records and in the messages' metadata, in the object `tracing`, where
/// Python's `opentelemetry-instrumentation-kser` and `KserTracing` read and write the same. The span of what runs is that of
/// `ServiceContext.current`, so spans that a handler starts become its children, and a logger with its metadata provider
/// has their ids.
///
/// The spans and their attributes are named as those of `KserTracing`; no attribute holds params or a payload.
public struct DistributedTracing: Sendable {
    /// The consumer group, for the attribute `messaging.consumer.group.name`.
    public var consumerGroup: String?
    private let given: (any Tracer)?

    /// Makes tracing.
    ///
    /// - Parameters:
    ///   - tracer: the tracer; nil, the default, is the one that `InstrumentationSystem` was set up with.
    ///   - consumerGroup: the consumer group, for an attribute.
    public init(_ tracer: (any Tracer)? = nil, consumerGroup: String? = nil) {
        given = tracer
        self.consumerGroup = consumerGroup
    }

    var tracer: any Tracer { given ?? InstrumentationSystem.tracer }
}

extension Controller {
    /// Makes a controller whose messages are traced with swift-distributed-tracing; with the trait `DistributedTracing`.
    ///
    /// A message that a record brought has a span `process` of its topic, from its decoding until the hooks are through;
    /// the spans of its execution are under it. It continues the trace that the record's headers name, or else the
    /// message's metadata, and so does the answer that the worker sends.
    ///
    /// - Parameters:
    ///   - name: the name in log lines.
    ///   - codec: how record values become messages.
    ///   - hooks: what the application does for every message.
    ///   - middleware: code around every dispatch, inside of the span, the first outermost.
    ///   - logger: where log lines go.
    ///   - monitor: who is told what happens to messages, such as `KserMetrics`; nil costs a branch.
    ///   - distributedTracing: which tracer makes spans of executions and messages.
    public init(
        name: String = "Controller",
        codec: any MessageCodec = JSONMessageCodec(),
        hooks: ControllerHooks = ControllerHooks(),
        middleware: [any Middleware] = [],
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor,
        distributedTracing: DistributedTracing
    ) {
        self.init(
            name: name,
            codec: codec,
            hooks: hooks,
            middleware: middleware,
            logger: logger,
            monitor: monitor,
            observer: ServiceSpanObserver(distributedTracing)
        )
    }
}
#endif

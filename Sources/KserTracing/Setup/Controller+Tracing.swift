public import Kser

extension Controller {
    /// Makes a controller whose messages are traced.
    ///
    ///     let controller = Controller(tracing: Tracing(tracer))
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
    ///   - tracing: how executions and messages become spans.
    public init(
        name: String = "Controller",
        codec: any MessageCodec = JSONMessageCodec(),
        hooks: ControllerHooks = ControllerHooks(),
        middleware: [any Middleware] = [],
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor,
        tracing: Tracing
    ) {
        self.init(
            name: name,
            codec: codec,
            hooks: hooks,
            middleware: middleware,
            logger: logger,
            monitor: monitor,
            observer: tracing.observer
        )
    }
}

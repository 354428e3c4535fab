public import OpenTracing

/// A tracer that reports spans to Jaeger, or to whatever its reporter sends them to.
///
///     let tracer = JaegerTracer(
///         serviceName: "dice",
///         sampler: ConstSampler(true),
///         reporter: RemoteReporter(UDPSender(host: "localhost", port: 6831))
///     )
///     try await tracer.withActiveSpan("launch") { scope in … }
///     await tracer.close()
///
/// ``JaegerConfiguration`` makes one from a dictionary or from the environment.
public final class JaegerTracer: Tracer {
    /// The service's name.
    public let serviceName: String
    /// What all spans share.
    public let process: JaegerProcess
    /// Decides which traces are reported.
    public let sampler: any Sampler
    /// Takes the finished spans.
    public let reporter: any Reporter
    /// Counts.
    public let metrics: JaegerMetrics
    /// Knows the active span.
    public let scopeManager: any ScopeManager

    let limits: SpanLimits
    let options: JaegerTracerOptions
    let debugIDHeader: String
    private let codecs: [Format: any ContextCodec]

    /// Makes a tracer.
    ///
    /// - Parameters:
    ///   - serviceName: the service's name.
    ///   - sampler: decides which traces are reported.
    ///   - reporter: takes the finished spans.
    ///   - options: how the tracer works.
    public init(
        serviceName: String,
        sampler: any Sampler,
        reporter: any Reporter,
        options: JaegerTracerOptions = JaegerTracerOptions()
    ) {
        self.serviceName = serviceName
        self.sampler = sampler
        self.reporter = reporter
        self.options = options
        metrics = options.metrics
        scopeManager = options.scopeManager
        debugIDHeader = options.headers.debugID
        limits = SpanLimits(options)
        let standard: [Format: any ContextCodec] = [
            .textMap: TextCodec(headers: options.headers, encodesValues: false),
            .httpHeaders: TextCodec(headers: options.headers, encodesValues: true),
            .binary: BinaryCodec(),
            .zipkin: ZipkinCodec(),
        ]
        codecs = standard.merging(options.codecs) { $1 }
        var tags = JaegerProcess.tags(options.tags, machine: .current)
        if let throttler = options.throttler {
            let id = UInt64.random(in: 0...UInt64(Int64.max))
            tags["client-uuid"] = .integer(Int64(id))
            throttler.setClientID(id)
        }
        process = JaegerProcess(serviceName: serviceName, tags: limits.fields(tags))
        reporter.setProcess(process)
    }

    /// Writes a context into a carrier.
    ///
    /// - Throws: `OpenTracingError` for a context of another tracer, an unknown format or a carrier of the wrong kind.
    public func inject(
        _ context: any SpanContext,
        as format: Format,
        into carrier: inout Carrier
    ) throws(OpenTracingError) {
        guard let codec = codecs[format] else { throw .unsupportedFormat(format) }
        guard let context = context as? JaegerSpanContext else {
            throw OpenTracingError(.invalidContext, "no context of Jaeger: \(type(of: context))")
        }
        try codec.inject(context, into: &carrier)
    }

    /// Reads a context from a carrier.
    ///
    /// - Returns: the context, or nil when there is none.
    /// - Throws: `OpenTracingError` for an unknown format, a carrier of the wrong kind and a malformed context.
    public func extract(_ format: Format, from carrier: Carrier) throws(OpenTracingError) -> (any SpanContext)? {
        guard let codec = codecs[format] else { throw .unsupportedFormat(format) }
        return try codec.extract(from: carrier)
    }

    /// Stops what runs in the background, sends what waits, and returns when it is sent or given up.
    ///
    /// Sampled spans that did not end are counted (`jaeger:unfinished_spans`); those that end later count as dropped.
    public func close() async {
        sampler.close()
        options.throttler?.close()
        options.baggageRestrictions.close()
        let unfinished = metrics.startedSpansSampled - metrics.finishedSpan.value
        if unfinished > 0 {
            metrics.unfinishedSpan.set(unfinished)
            options.log.warning("\(unfinished) spans of \(serviceName) have not ended, and are not reported")
        }
        await reporter.close()
    }

    func report(_ span: JaegerSpan) {
        metrics.finishedSpan.add()
        reporter.report(span)
    }

    func warnOfSecondFinish() { options.log.warning("Span has already been finished; will not be reported again.") }

    func isDebugAllowed(_ operation: String) -> Bool { options.throttler?.isAllowed(operation) ?? true }

    func maxLength(ofBaggage key: String) -> Int? { options.baggageRestrictions.maxLength(of: key) }
}

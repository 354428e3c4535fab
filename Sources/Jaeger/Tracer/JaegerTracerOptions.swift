public import OpenTracing

/// How a tracer works.
public struct JaegerTracerOptions: Sendable {
    /// The names of the headers.
    public var headers = TextCodec.Headers()
    /// Whether trace ids have 128 bits instead of 64.
    public var uses128BitTraceIDs = false
    /// Whether a span tagged as server shares the number of the client's span that called it, as Zipkin has it.
    public var sharesSpanWithClient = false
    /// Whether a span is sampled as its parent is. Otherwise the sampler decides anew where a trace comes in, unless somebody
    /// asked for it (``SpanFlags/debug``).
    public var followsParentDecision = true
    /// Codecs by format, beside or instead of those that are there for text, HTTP headers, binary and
    /// `Format.zipkin`.
    public var codecs: [Format: any ContextCodec] = [:]
    /// Tags of the process.
    public var tags: Fields = [:]
    /// How many characters of Unicode a text of a tag or log may have; more are cut off.
    public var maxTagValueLength = 1024
    /// How many characters of Unicode the log field `stack` may have.
    public var maxTracebackLength = 4096
    /// How many tags a span keeps; beyond, only those that it has get other values.
    public var maxTagCount = Int.max
    /// How many logs a span keeps: the last ones.
    public var maxLogCount = Int.max
    /// How many fields a log keeps.
    public var maxLogFieldCount = Int.max
    /// How many references to other spans are reported of a span.
    public var maxReferenceCount = Int.max
    /// Limits who may force a trace; nil: all may.
    public var throttler: (any Throttler)?
    /// Limits what baggage may be set.
    public var baggageRestrictions: any BaggageRestrictions = UnrestrictedBaggage()
    /// Knows the active span.
    public var scopeManager: any ScopeManager = TaskLocalScopeManager()
    /// Counts.
    public var metrics = JaegerMetrics()
    /// Where the tracer's own messages go.
    public var log = JaegerLog.standardError

    /// Gives the time in seconds since the epoch.
    package var now: @Sendable () -> Double = SystemTime.now { didSet { (tick, clock) = (now, nil) } }
    /// As ``now``, to the tick of the system's clock.
    private(set) var tick: @Sendable () -> Double = SystemTime.tick
    /// What spans are timed with; nil: ``now``.
    package var clock: SpanClock? = .shared
    package var ids = IDGenerator()

    /// The defaults.
    public init() {}
}

public import OpenTracing

/// What is reported of a span: its content at one moment, with times in microseconds.
public struct SpanRecord: Sendable, Equatable {
    /// A relation to another span.
    public struct Reference: Sendable, Equatable {
        /// The kind of the relation.
        public var kind: OpenTracing.Reference.Kind
        /// The other span's trace.
        public var traceID: UInt128
        /// The other span's number.
        public var spanID: UInt64

        /// Makes a reference.
        public init(_ kind: OpenTracing.Reference.Kind, traceID: UInt128, spanID: UInt64) {
            self.kind = kind
            self.traceID = traceID
            self.spanID = spanID
        }
    }

    /// Fields that were logged.
    public struct Log: Sendable, Equatable {
        /// When, in microseconds since the epoch.
        public var timestamp: Int64
        /// The fields in their order.
        public var fields: Fields

        /// Makes a log.
        public init(timestamp: Int64, fields: Fields) {
            self.timestamp = timestamp
            self.fields = fields
        }
    }

    /// How much of a span was dropped.
    public struct Dropped: Sendable, Equatable {
        /// How often a tag was set for which there was no room.
        public var tags = 0
        /// How many logs made room for others.
        public var logs = 0
        /// How many references are not among those reported.
        public var references = 0

        /// Nothing.
        public init() {}
    }

    /// The trace's number.
    public var traceID: UInt128
    /// The span's number.
    public var spanID: UInt64
    /// The parent's number; 0 when there is none.
    public var parentID: UInt64
    /// What was decided about the trace.
    public var flags: SpanFlags
    /// The operation's name.
    public var operationName: String
    /// The relations; nil when none were given.
    public var references: [Reference]?
    /// The beginning, in microseconds since the epoch.
    public var startTime: Int64
    /// The duration in microseconds; negative when the span was told to end before it began.
    public var duration: Int64
    /// The tags in the order in which they were set, with those of one key.
    public var tags: Fields
    /// The logs in their order.
    public var logs: [Log]
    /// What other vendors attached to the trace.
    public var traceState = TraceState()
    /// What there was beyond the limits of ``JaegerTracerOptions``.
    public var dropped = Dropped()

    /// Makes a record.
    public init(
        traceID: UInt128,
        spanID: UInt64,
        parentID: UInt64 = 0,
        flags: SpanFlags = .sampled,
        operationName: String,
        references: [Reference]? = nil,
        startTime: Int64,
        duration: Int64,
        tags: Fields = [:],
        logs: [Log] = []
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentID = parentID
        self.flags = flags
        self.operationName = operationName
        self.references = references
        self.startTime = startTime
        self.duration = duration
        self.tags = tags
        self.logs = logs
    }
}

extension Int64 {
    /// Seconds as whole microseconds, cut toward zero; what does not fit becomes the nearest that does.
    init(microsecondsOf seconds: Double) {
        let microseconds = (seconds * 1_000_000).rounded(.towardZero)
        self = Int64(exactly: microseconds) ?? (microseconds.isNaN ? 0 : microseconds < 0 ? .min : .max)
    }
}

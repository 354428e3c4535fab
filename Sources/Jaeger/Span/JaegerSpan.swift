public import OpenTracing
import Synchronization

/// A span of ``JaegerTracer``.
///
/// Tags and logs are kept only while the span is sampled; baggage always is. Changes after the end are kept too, but a
/// reporter may have sent the span by then.
public final class JaegerSpan: Span {
    struct State {
        var operationName: String
        var baggage: [String: String]
        var tags: Fields
        var logs: [(time: Double, fields: Fields)] = []
        var endTime: Double?
    }

    let traceID: UInt128
    let spanID: UInt64
    /// The parent's number; 0 when there is none.
    let parentNumber: UInt64
    let traceState: TraceState
    let references: [SpanRecord.Reference]?
    /// When the span began, in seconds since the epoch.
    public let startTime: Double
    let owner: JaegerTracer
    /// Written under the lock of the state only.
    private let flagBits: Atomic<UInt8>
    private let state: Mutex<State>

    init(
        _ identity: borrowing SpanIdentity,
        operationName: String,
        tags: Fields,
        references: [SpanRecord.Reference]?,
        startTime: Double,
        tracer: JaegerTracer
    ) {
        traceID = identity.traceID
        spanID = identity.spanID
        parentNumber = identity.parentID
        traceState = identity.traceState
        self.references = references
        self.startTime = startTime
        owner = tracer
        flagBits = Atomic(identity.flags.rawValue)
        state = Mutex(State(operationName: operationName, baggage: identity.baggage, tags: tags))
    }

    /// The tracer that started the span.
    public var tracer: any Tracer { owner }
    /// What was decided about the trace.
    public var flags: SpanFlags { SpanFlags(rawValue: flagBits.load(ordering: .relaxed)) }
    /// Whether the span is reported when it ends.
    public var isSampled: Bool { flags.contains(.sampled) }
    /// Whether somebody asked for the trace.
    public var isDebug: Bool { flags.contains(.debug) }
    /// Whether tags and logs are kept.
    public var isRecording: Bool { isSampled }

    /// The operation's name.
    public var operationName: String { state.withLock { $0.operationName } }
    /// The tags in the order in which they were set, with those of one key.
    public var tags: Fields { state.withLock { $0.tags } }
    /// When the span ended, in seconds since the epoch; nil before.
    public var endTime: Double? { state.withLock { $0.endTime } }
    /// What users attached to the trace.
    public var baggage: [String: String] { state.withLock { $0.baggage } }
    /// Whether the span is of someone who is called.
    public var isRPC: Bool { spanKind == Tags.spanKindRPCServer || isRPCClient }
    /// Whether the span is of someone who calls.
    public var isRPCClient: Bool { spanKind == Tags.spanKindRPCClient }

    private var spanKind: String? {
        tags.first { $0.key == Tags.spanKind }.flatMap { if case .string(let kind) = $0.value { kind } else { nil } }
    }

    /// The span's identity and baggage at this moment.
    public var context: any SpanContext { jaegerContext }

    /// The span's identity and baggage at this moment.
    public var jaegerContext: JaegerSpanContext {
        JaegerSpanContext(
            traceID: traceID,
            spanID: spanID,
            parentID: parentNumber,
            flags: flags,
            baggage: baggage,
            traceState: traceState
        )
    }

    /// Renames the operation.
    public func rename(to operationName: String) { state.withLock { $0.operationName = operationName } }

    /// Sets a tag, beside what the key had before.
    ///
    /// The key `sampling.priority` decides about the trace from here on: 0 ends its being sampled, another number begins
    /// it, unless the throttler objects.
    public func setTag(_ key: String, to value: FieldValue) {
        let isPriority = key == Tags.samplingPriority
        guard isPriority || isSampled else { return }
        let recorded = owner.limits.value(value, of: key)
        state.withLock { state in
            if isPriority, !prioritize(value, state.operationName) { return }
            if isSampled { state.tags.append(key, recorded) }
        }
    }

    /// Changes the flags as `sampling.priority` asks; the lock is held.
    ///
    /// - Returns: whether the tag is to be recorded.
    private func prioritize(_ value: FieldValue, _ operationName: String) -> Bool {
        let flags = flags
        if flags.contains(.debug), value.isTruthy { return false }
        guard let priority = value.wholeNumber else { return false }
        if priority == 0 {
            flagBits.store(flags.subtracting([.sampled, .debug]).rawValue, ordering: .relaxed)
            return false
        }
        guard owner.isDebugAllowed(operationName) else { return false }
        flagBits.store(flags.union([.sampled, .debug]).rawValue, ordering: .relaxed)
        return true
    }

    /// Logs fields.
    public func log(_ fields: Fields, at timestamp: Double?) {
        guard isSampled else { return }
        let time = owner.time(timestamp)
        let fields = owner.limits.fields(fields)
        state.withLock { $0.logs.append((time, fields)) }
    }

    /// Sets a baggage item, or removes it when the value is nil, as far as the restrictions of baggage allow; when the
    /// span is sampled, that is logged.
    public func setBaggageItem(_ key: String, to value: String?) {
        var fields: Fields = [LogFields.event: "baggage", "key": key]
        guard let limit = owner.maxLength(ofBaggage: key) else {
            fields.append("value", value.map { .string($0) } ?? .null)
            fields.append("invalid", "true")
            return log(fields, at: nil)
        }
        let stored = value?.cut(toBytes: limit)
        let previous = state.withLock { state in
            defer { state.baggage[key] = stored }
            return state.baggage[key]
        }
        fields.append("value", stored.map { .string($0) } ?? .null)
        if previous?.isEmpty == false { fields.append("override", "true") }
        if stored != value { fields.append("truncated", "true") }
        log(fields, at: nil)
    }

    /// A baggage item.
    public func baggageItem(_ key: String) -> String? { state.withLock { $0.baggage[key] } }

    /// Ends the span and, when it is sampled, hands it to the reporter. Only the first call does so.
    public func finish(at time: Double?) {
        guard isSampled else { return }
        let time = owner.time(time)
        let isFirst = state.withLock { state in
            if state.endTime != nil { return false }
            state.endTime = time
            return true
        }
        if isFirst { owner.report(self) } else { owner.warnOfSecondFinish() }
    }

    /// The content at this moment; a span that has not ended has no duration.
    public var record: SpanRecord {
        let state = state.withLock { $0 }
        var record = SpanRecord(
            traceID: traceID,
            spanID: spanID,
            parentID: parentNumber,
            flags: flags,
            operationName: state.operationName,
            references: references,
            startTime: Int64(microsecondsOf: startTime),
            // Not the difference of the two times in microseconds: the reference's last digit differs from that.
            duration: Int64(microsecondsOf: (state.endTime ?? startTime) - startTime),
            tags: state.tags,
            logs: state.logs.map { .init(timestamp: Int64(microsecondsOf: $0.time), fields: $0.fields) }
        )
        record.traceState = traceState
        return record
    }
}

extension JaegerSpan: CustomStringConvertible {
    /// `trace:span:parent:flags service.operation`
    public var description: String { "\(jaegerContext) \(owner.serviceName).\(operationName)" }
}

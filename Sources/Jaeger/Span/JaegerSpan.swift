public import OpenTracing
import Synchronization

/// A span of ``JaegerTracer``.
///
/// Tags and logs are kept only while the span is sampled; baggage always is. Changes after the end are kept too, but a
/// reporter may have sent the span by then.
public final class JaegerSpan: Span {
    private struct State {
        var operationName: String
        /// Nil while there is nothing but the name, as in most spans that are not sampled.
        var content: Content?

        /// The content, there from now on.
        mutating func demandContent() -> Content {
            if let content { return content }
            let new = Content(nil, tags: Fields())
            content = new
            return new
        }
    }

    /// What a span holds; the lock of the state guards it.
    private final class Content {
        var baggage: Baggage
        let traceState: TraceState
        var tags: Fields
        var logs: [(time: Double, fields: Fields)] = []
        var dropped = SpanRecord.Dropped()
        var endTime: Double?

        init(_ luggage: Luggage?, tags: Fields) {
            baggage = luggage?.baggage ?? [:]
            traceState = luggage?.traceState ?? TraceState()
            self.tags = tags
        }

        func append(_ tag: Fields.Field, _ limits: SpanLimits) {
            if tags.count < limits.maxTags {
                tags.append(tag.key, tag.value)
            } else if tags[tag.key] != nil {
                tags[tag.key] = tag.value
            } else {
                dropped.tags += 1
            }
        }

        /// Old logs make room for new ones: an error comes last. They do so many at a time.
        func append(_ time: Double, _ fields: Fields, _ limits: SpanLimits) {
            logs.append((time, fields))
            if logs.count / 2 >= limits.maxLogs { trimLogs(limits) }
        }

        func trimLogs(_ limits: SpanLimits) {
            let excess = logs.count - limits.maxLogs
            guard excess > 0 else { return }
            logs.removeFirst(excess)
            dropped.logs += excess
        }
    }

    let traceID: UInt128
    let spanID: UInt64
    /// The parent's number; 0 when there is none.
    let parentNumber: UInt64
    let hasRandomTraceID: Bool
    let references: [SpanRecord.Reference]?
    /// When the span began, in seconds since the epoch; to the tick of the system's clock, some milliseconds, when it was
    /// not sampled then.
    public let startTime: Double
    /// When the span began by the steady clock; not a number when its time is not taken by that.
    private let steadyStart: Double
    let owner: JaegerTracer
    /// Written under the lock of the state only.
    private let flagBits: Atomic<UInt8>
    private let state: Mutex<State>

    init(
        _ identity: borrowing SpanIdentity,
        operationName: String,
        tags: Fields,
        references: [SpanRecord.Reference]?,
        start: SpanStart,
        tracer: JaegerTracer
    ) {
        traceID = identity.traceID
        spanID = identity.spanID
        parentNumber = identity.parentID
        hasRandomTraceID = identity.hasRandomTraceID
        self.references = references
        startTime = start.time
        steadyStart = start.steady ?? .nan
        owner = tracer
        flagBits = Atomic(identity.flags.rawValue)
        let isBare = !identity.flags.contains(.sampled) && identity.luggage == nil && tags.isEmpty
        let content = isBare ? nil : Content(identity.luggage, tags: tags)
        state = Mutex(State(operationName: operationName, content: content))
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
    public var tags: Fields { state.withLock { $0.content?.tags } ?? Fields() }
    /// When the span ended, in seconds since the epoch; nil before.
    public var endTime: Double? { state.withLock { $0.content?.endTime } }
    /// What users attached to the trace.
    public var baggage: Baggage { state.withLock { $0.content?.baggage } ?? [:] }
    /// What travels with the span's context.
    var luggage: Luggage? {
        state.withLock { state in
            state.content.flatMap { Luggage(baggage: $0.baggage, traceState: $0.traceState) }
        }
    }
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
        let luggage = luggage
        var context = JaegerSpanContext(
            traceID: traceID,
            spanID: spanID,
            parentID: parentNumber,
            flags: flags,
            baggage: luggage?.baggage ?? [:],
            traceState: luggage?.traceState ?? TraceState()
        )
        context.hasRandomTraceID = hasRandomTraceID
        return context
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
            if isSampled { state.demandContent().append(Fields.Field(key, recorded), owner.limits) }
        }
    }

    /// Sets tags, one after the other.
    public func setTags(_ tags: Fields) {
        if tags.contains(where: { $0.key == Tags.samplingPriority }) {
            for tag in tags { setTag(tag.key, to: tag.value) }
        } else if isSampled {
            let recorded = owner.limits.fields(tags)
            state.withLock { state in
                for tag in recorded { state.demandContent().append(tag, owner.limits) }
            }
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

    /// The given time, or the present one: as long after the beginning as the steady clock says, whatever was done to the
    /// time of day.
    private func time(_ given: Double?) -> Double {
        if let given, given != 0 { return given }
        guard let clock = owner.options.clock, !steadyStart.isNaN else { return owner.options.now() }
        return startTime + (clock.steady() - steadyStart)
    }

    /// Logs fields.
    public func log(_ fields: Fields, at timestamp: Double?) {
        guard isSampled else { return }
        let time = time(timestamp)
        let kept = fields.count <= owner.limits.maxFields ? fields : Fields(fields.prefix(owner.limits.maxFields))
        let fields = owner.limits.fields(kept)
        state.withLock { $0.demandContent().append(time, fields, owner.limits) }
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
            let content = state.demandContent()
            defer { content.baggage[key] = stored }
            return content.baggage[key]
        }
        fields.append("value", stored.map { .string($0) } ?? .null)
        if previous?.isEmpty == false { fields.append("override", "true") }
        if stored != value { fields.append("truncated", "true") }
        log(fields, at: nil)
    }

    /// A baggage item.
    public func baggageItem(_ key: String) -> String? { state.withLock { $0.content?.baggage[key] } }

    /// Ends the span and, when it is sampled, hands it to the reporter. Only the first call does so.
    public func finish(at time: Double?) {
        guard isSampled else { return }
        let time = self.time(time)
        let isFirst = state.withLock { state in
            let content = state.demandContent()
            if content.endTime != nil { return false }
            content.endTime = time
            return true
        }
        if isFirst { owner.report(self) } else { owner.warnOfSecondFinish() }
    }

    /// The content at this moment; a span that has not ended has no duration.
    public var record: SpanRecord {
        let references = references.map { Array($0.prefix(owner.limits.maxReferences)) }
        let (operationName, traceState, tags, logs, dropped, endTime) = state.withLock { state in
            let content = state.demandContent()
            content.trimLogs(owner.limits)
            return (
                state.operationName, content.traceState, content.tags, content.logs, content.dropped, content.endTime
            )
        }
        var record = SpanRecord(
            traceID: traceID,
            spanID: spanID,
            parentID: parentNumber,
            flags: flags,
            operationName: operationName,
            references: references,
            startTime: Int64(microsecondsOf: startTime),
            // Not the difference of the two times in microseconds: the reference's last digit differs from that.
            duration: Int64(microsecondsOf: (endTime ?? startTime) - startTime),
            tags: tags,
            logs: logs.map { .init(timestamp: Int64(microsecondsOf: $0.time), fields: $0.fields) }
        )
        record.traceState = traceState
        record.dropped = dropped
        record.dropped.references = (self.references?.count ?? 0) - (references?.count ?? 0)
        return record
    }
}

extension JaegerSpan: CustomStringConvertible {
    /// `trace:span:parent:flags service.operation`
    public var description: String { "\(jaegerContext) \(owner.serviceName).\(operationName)" }
}

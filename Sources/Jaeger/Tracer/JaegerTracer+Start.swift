public import OpenTracing

/// Who a new span is.
struct SpanIdentity {
    var traceID: UInt128
    var spanID: UInt64
    /// 0 when there is none.
    var parentID: UInt64 = 0
    var flags: SpanFlags = []
    var hasRandomTraceID = false
    /// Nil when there is none, as in nearly all traces.
    var luggage: Luggage?
}

/// When a span began.
struct SpanStart {
    /// Seconds since the epoch.
    var time: Double
    /// By the tracer's steady clock; nil when the span's time is not taken by that.
    var steady: Double?
}

/// What travels beside the numbers.
struct Luggage {
    var baggage: Baggage
    var traceState: TraceState

    /// Nil when both are empty.
    init?(baggage: Baggage, traceState: TraceState = TraceState()) {
        if baggage.isEmpty && traceState.entries.isEmpty { return nil }
        self.baggage = baggage
        self.traceState = traceState
    }
}

extension JaegerTracer {
    /// Starts a span.
    ///
    /// Its parent is that of the options, else the active span unless the options ignore it, else the context of the
    /// first reference, of whatever kind. References are reported besides.
    public func startSpan(_ operationName: String, options start: SpanOptions) -> any Span {
        var tags = start.tags
        let isServer = tags.isEmpty ? false : tags[Tags.spanKind] == .string(Tags.spanKindRPCServer)
        var references: [SpanRecord.Reference]?
        let identity: SpanIdentity
        // The way of nearly all spans makes no context.
        if case .none = start.parent, start.references.isEmpty {
            identity = self.identity(underActive: !start.ignoresActiveSpan, isServer: isServer, operationName, &tags)
        } else {
            let parent = parent(of: start)
            identity =
                parent.map { child(of: $0, isServer: isServer, operationName, &tags) } ?? root(operationName, &tags)
            references = records(of: start.references)
        }
        let keepsTags = tags.isEmpty || canKeep(tags, flags: identity.flags)
        let span = JaegerSpan(
            identity,
            operationName: operationName,
            tags: keepsTags ? tags : Fields(),
            references: references,
            start: spanStart(start.startTime, of: identity, hasTags: !tags.isEmpty),
            tracer: self
        )
        if !keepsTags { span.setTags(tags) }
        count(span, isServer: isServer)
        return span
    }

    /// The time that a span began. It is to the tick of the system's clock when it is not known to be of use: when a span
    /// is not sampled, and no tag can change that at once.
    private func spanStart(_ given: Double?, of identity: borrowing SpanIdentity, hasTags: Bool) -> SpanStart {
        if let given, given != 0 { return SpanStart(time: given) }
        guard identity.flags.contains(.sampled) || hasTags else { return SpanStart(time: options.tick()) }
        guard let clock = options.clock else { return SpanStart(time: options.now()) }
        let now = clock.now()
        return SpanStart(time: now.wall, steady: now.steady)
    }

    /// Starts a span of which only the name is given: it makes no context, and looks at no options.
    public func startSpan(named operationName: String) -> any Span {
        var tags = Fields()
        let identity = identity(underActive: true, isServer: false, operationName, &tags)
        let span = JaegerSpan(
            identity,
            operationName: operationName,
            tags: tags,
            references: nil,
            start: spanStart(nil, of: identity, hasTags: false),
            tracer: self
        )
        count(span, isServer: false)
        return span
    }

    private func identity(
        underActive: Bool,
        isServer: Bool,
        _ operationName: String,
        _ tags: inout Fields
    ) -> SpanIdentity {
        guard underActive, let active = scopeManager.activeSpan else { return root(operationName, &tags) }
        return child(of: active, isServer: isServer, operationName, &tags)
    }

    private func parent(of start: SpanOptions) -> JaegerSpanContext? {
        let given = start.parent ?? (start.ignoresActiveSpan ? nil : activeSpan?.context)
        let parent = given as? JaegerSpanContext
        if parent?.hasTrace == true { return parent }
        return start.references.lazy.compactMap { $0.context as? JaegerSpanContext }.first ?? parent
    }

    /// Whether tags can be taken as they are, without one after the other being set.
    private func canKeep(_ tags: Fields, flags: SpanFlags) -> Bool {
        guard flags.contains(.sampled), tags.count <= limits.maxTags else { return false }
        return tags.allSatisfy { tag in
            if tag.key == Tags.samplingPriority { return false }
            return switch tag.value {
            case .bool, .integer, .double: true
            case .string(let text): text.utf8.count <= limits.limit(of: tag.key)
            case .null, .binary, .object: false
            }
        }
    }

    private func root(_ operationName: String, _ tags: inout Fields) -> SpanIdentity {
        var identity = newTrace()
        decide(on: &identity, operationName, &tags)
        return identity
    }

    /// A trace of what came without one: that of a debug id is sampled, of Jaeger's baggage alone it is not.
    private func root(
        from parent: JaegerSpanContext,
        _ operationName: String,
        _ tags: inout Fields
    ) -> SpanIdentity {
        var identity = newTrace()
        identity.luggage = Luggage(baggage: parent.baggage)
        if let debugID = parent.debugID, isDebugAllowed(operationName) {
            identity.flags = [.sampled, .debug]
            tags[debugIDHeader] = .string(debugID)
        } else if parent.leavesSamplingOpen {
            decide(on: &identity, operationName, &tags)
        }
        return identity
    }

    private func newTrace() -> SpanIdentity {
        let (traceID, spanID) = options.ids.nextTrace(of128Bits: options.uses128BitTraceIDs)
        return SpanIdentity(traceID: traceID, spanID: spanID, hasRandomTraceID: options.ids.isRandom)
    }

    private func child(
        of span: any Span,
        isServer: Bool,
        _ operationName: String,
        _ tags: inout Fields
    ) -> SpanIdentity {
        guard let span = span as? JaegerSpan else {
            guard let context = span.context as? JaegerSpanContext else { return root(operationName, &tags) }
            return child(of: context, isServer: isServer, operationName, &tags)
        }
        let isShared = isServer && options.sharesSpanWithClient
        return SpanIdentity(
            traceID: span.traceID,
            spanID: isShared ? span.spanID : options.ids.nextSpan(),
            parentID: isShared ? span.parentNumber : span.spanID,
            flags: span.flags,
            hasRandomTraceID: span.hasRandomTraceID,
            luggage: span.luggage
        )
    }

    private func child(
        of parent: JaegerSpanContext,
        isServer: Bool,
        _ operationName: String,
        _ tags: inout Fields
    ) -> SpanIdentity {
        guard parent.hasTrace else { return root(from: parent, operationName, &tags) }
        let isShared = isServer && options.sharesSpanWithClient
        var identity = SpanIdentity(
            traceID: parent.traceID,
            spanID: isShared ? parent.spanID : options.ids.nextSpan(),
            parentID: isShared ? parent.parentID ?? 0 : parent.spanID,
            flags: parent.flags,
            hasRandomTraceID: parent.hasRandomTraceID,
            luggage: Luggage(baggage: parent.baggage, traceState: parent.traceState)
        )
        if !options.followsParentDecision, !parent.isDebug { decide(on: &identity, operationName, &tags) }
        return identity
    }

    /// Asks the sampler.
    private func decide(on identity: inout SpanIdentity, _ operationName: String, _ tags: inout Fields) {
        let decision = sampler.decide(traceID: identity.traceID, operation: operationName)
        guard decision.isSampled else { return _ = identity.flags.remove(.sampled) }
        identity.flags.insert(.sampled)
        if tags.isEmpty { tags = decision.tags } else { for tag in decision.tags { tags[tag.key] = tag.value } }
    }

    private func records(of references: [Reference]) -> [SpanRecord.Reference]? {
        let records = references.compactMap { reference -> SpanRecord.Reference? in
            guard let context = reference.context as? JaegerSpanContext, context.hasTrace else { return nil }
            return SpanRecord.Reference(reference.kind, traceID: context.traceID, spanID: context.spanID)
        }
        return records.isEmpty ? nil : records
    }

    private func count(_ span: JaegerSpan, isServer: Bool) {
        metrics.countStart(isFirst: span.parentNumber == 0, joined: isServer, sampled: span.isSampled)
    }
}

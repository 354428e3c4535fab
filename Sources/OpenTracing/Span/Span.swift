/// One operation in a trace: it has a name, begins, ends, and carries tags and logs.
///
/// Spans may be used from any task. After ``finish(at:)`` only ``context`` keeps a meaning that all tracers share.
///
/// The requirements here are for those who write tracers; users call the methods of the extension, which can be chained:
///
///     span.setTag(Tags.component, "dice").log(["event": "rolled", "dice": 6]).finish()
public protocol Span: AnyObject, SpanParent {
    /// The span's identity and baggage at this moment.
    var context: any SpanContext { get }
    /// The tracer that started the span.
    var tracer: any Tracer { get }
    /// Whether setting something has any effect. While it is false, values of tags and fields of logs are not computed.
    var isRecording: Bool { get }

    /// Renames the operation.
    func rename(to operationName: String)
    /// Sets a tag.
    func setTag(_ key: String, to value: FieldValue)
    /// Sets tags, one after the other.
    func setTags(_ tags: Fields)
    /// Logs fields.
    ///
    /// - Parameters:
    ///   - fields: what to log.
    ///   - timestamp: when it happened, in seconds since the epoch; nil means now.
    func log(_ fields: Fields, at timestamp: Double?)
    /// Sets an item of the baggage; the tracer decides what nil means.
    func setBaggageItem(_ key: String, to value: String?)
    /// An item of the baggage.
    func baggageItem(_ key: String) -> String?
    /// Ends the span.
    ///
    /// - Parameter time: when it ended, in seconds since the epoch; nil means now.
    func finish(at time: Double?)
}

extension Span {
    /// The span's ``context``.
    public var parentContext: any SpanContext { context }

    /// True.
    public var isRecording: Bool { true }

    /// Sets one tag after the other.
    public func setTags(_ tags: Fields) {
        for tag in tags { setTag(tag.key, to: tag.value) }
    }

    /// Renames the operation.
    @discardableResult
    public func setOperationName(_ name: String) -> Self {
        rename(to: name)
        return self
    }

    /// Sets a tag: text, a truth value or a number.
    ///
    /// - Parameters:
    ///   - key: the key, such as one of ``Tags``.
    ///   - value: the value; it is computed only when the span is recording, or the key is ``Tags/samplingPriority``,
    ///     which may begin that.
    /// - Returns: the span.
    @inlinable
    @discardableResult
    public func setTag<Value: FieldValueConvertible>(_ key: String, _ value: @autoclosure () -> Value) -> Self {
        if isRecording || key == Tags.samplingPriority { setTag(key, to: value().fieldValue) }
        return self
    }

    /// Logs fields (Python: `log_kv`).
    ///
    /// - Parameters:
    ///   - fields: what to log, by keys such as those of ``LogFields``; computed only when the span is recording.
    ///   - timestamp: when it happened, in seconds since the epoch; nil means now.
    /// - Returns: the span.
    @inlinable
    @discardableResult
    public func log(_ fields: @autoclosure () -> Fields, timestamp: Double? = nil) -> Self {
        if isRecording { log(fields(), at: timestamp) }
        return self
    }

    /// Attaches a baggage item to the span and to what starts under it from now on, on any machine.
    @discardableResult
    public func setBaggageItem(_ key: String, _ value: String?) -> Self {
        setBaggageItem(key, to: value)
        return self
    }

    /// Ends the span now.
    @inlinable
    @inline(always)
    public func finish() { finish(at: nil) }

    /// Starts a child of this span, on the span's own tracer.
    ///
    /// - Parameters:
    ///   - operationName: the child's name.
    ///   - tags: its first tags.
    ///   - startTime: when it began, in seconds since the epoch; nil means now.
    /// - Returns: the child.
    public func startChildSpan(
        _ operationName: @autoclosure () -> String = "",
        tags: @autoclosure () -> Fields = [:],
        startTime: Double? = nil
    ) -> any Span {
        tracer.startSpan(operationName(), childOf: self, tags: tags(), startTime: startTime)
    }
}

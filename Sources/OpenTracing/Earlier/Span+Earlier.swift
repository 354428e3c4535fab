extension Span {
    /// The span's context, with the trace attributes.
    public var traceContext: TraceContext { TraceContext(context, of: self) }

    /// Starts a child of this span (Python: `start_child`).
    public func startChild(operationName: String, tags: Fields = [:]) -> any Span {
        startChildSpan(operationName, tags: tags)
    }

    /// Sets a tag (Python: `add_tag`).
    @discardableResult
    public func addTag<Value: FieldValueConvertible>(_ key: String, _ value: @autoclosure () -> Value) -> Self {
        setTag(key, value())
    }

    /// Logs a message as an event (Python: `info`).
    @discardableResult
    public func info(_ message: String, _ payload: FieldValue? = nil) -> Self {
        logEvent(message, payload: payload)
    }

    /// Logs a message as an event, and sets the tag `error` (Python: `error`).
    @discardableResult
    public func error(_ message: String, _ payload: FieldValue? = nil) -> Self {
        setTag(Tags.error, true).logEvent(message, payload: payload)
    }

    /// Logs an event (Python: `log_event`, deprecated there).
    @discardableResult
    public func logEvent(_ event: String, payload: FieldValue? = nil) -> Self {
        log(event: event, payload: payload)
    }

    /// Logs those of event and payload that are there (Python: `log`, deprecated there).
    @discardableResult
    public func log(event: String?, payload: FieldValue? = nil, timestamp: Double? = nil) -> Self {
        var fields = Fields()
        if let event { fields.append(LogFields.event, .string(event)) }
        if let payload { fields.append("payload", payload) }
        return log(fields, timestamp: timestamp)
    }
}

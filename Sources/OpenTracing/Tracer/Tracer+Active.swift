extension Tracer {
    /// Starts a span that is active in the body, and finishes it at its end.
    ///
    /// Child tasks of the body (`async let`, task groups, `Task {}`) see the span as active too, however long they live;
    /// detached tasks do not. An error that the body throws is recorded on the span and thrown on.
    ///
    /// - Parameters:
    ///   - operationName: the span's name; like the tags, computed only by a tracer that does something.
    ///   - parent: the span or context that this one is a child of; without one, the active span.
    ///   - references: relations to other spans.
    ///   - tags: the first tags.
    ///   - startTime: when the span began, in seconds since the epoch; nil means now.
    ///   - ignoreActiveSpan: whether the active span is not to become the parent.
    ///   - finishOnClose: whether the span is finished at the body's end.
    ///   - file: the file given in the log of an error.
    ///   - line: the line given in the log of an error.
    ///   - body: what to do.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws.
    @inlinable
    @inline(always)
    @discardableResult
    public func withActiveSpan<R, E: Error>(
        _ operationName: @autoclosure () -> String,
        childOf parent: (any SpanParent)? = nil,
        references: [Reference] = [],
        tags: @autoclosure () -> Fields = Fields(),
        startTime: Double? = nil,
        ignoreActiveSpan: Bool = false,
        finishOnClose: Bool = true,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R {
        if isNoop { return try await body(NoopScope.shared) }
        let span = startSpan(
            operationName(),
            childOf: parent,
            references: references,
            tags: tags(),
            startTime: startTime,
            ignoreActiveSpan: ignoreActiveSpan
        )
        let site = CallSite(file: file, line: line)
        return try await activating(span, finishOnClose, site, by: scopeManager, body)
    }

    /// Starts a span that is active in the body, finishes it at its end, and returns what the body returns.
    ///
    /// The form for a body that does not wait; all else is as in the other form.
    @inlinable
    @inline(always)
    @discardableResult
    public func withActiveSpan<R, E: Error>(
        _ operationName: @autoclosure () -> String,
        childOf parent: (any SpanParent)? = nil,
        references: [Reference] = [],
        tags: @autoclosure () -> Fields = Fields(),
        startTime: Double? = nil,
        ignoreActiveSpan: Bool = false,
        finishOnClose: Bool = true,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R {
        if isNoop { return try body(NoopScope.shared) }
        let span = startSpan(
            operationName(),
            childOf: parent,
            references: references,
            tags: tags(),
            startTime: startTime,
            ignoreActiveSpan: ignoreActiveSpan
        )
        let site = CallSite(file: file, line: line)
        return try activating(span, finishOnClose, site, by: scopeManager, body)
    }

    /// Starts a span and makes it active until the scope is closed: Python's `start_active_span`.
    ///
    /// Prefer `withActiveSpan`: what
    /// ``ScopeManager/activate(_:finishOnClose:)`` says of its limits holds here.
    @inlinable
    public func startActiveSpan(
        _ operationName: @autoclosure () -> String,
        childOf parent: (any SpanParent)? = nil,
        references: [Reference] = [],
        tags: @autoclosure () -> Fields = Fields(),
        startTime: Double? = nil,
        ignoreActiveSpan: Bool = false,
        finishOnClose: Bool = true
    ) -> any Scope {
        if isNoop { return NoopScope.shared }
        let span = startSpan(
            operationName(),
            childOf: parent,
            references: references,
            tags: tags(),
            startTime: startTime,
            ignoreActiveSpan: ignoreActiveSpan
        )
        return scopeManager.activate(span, finishOnClose: finishOnClose)
    }
}

extension Tracer {
    /// Makes a span active in the body: see ``ScopeManager``.
    @inlinable
    @discardableResult
    public func activate<R, E: Error>(
        _ span: any Span,
        finishOnClose: Bool,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R {
        if isNoop { return try await body(NoopScope.shared) }
        let site = CallSite(file: file, line: line)
        return try await activating(span, finishOnClose, site, by: scopeManager, body)
    }

    /// Makes a span active in the body: see ``ScopeManager``.
    @inlinable
    @discardableResult
    public func activate<R, E: Error>(
        _ span: any Span,
        finishOnClose: Bool,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R {
        if isNoop { return try body(NoopScope.shared) }
        let site = CallSite(file: file, line: line)
        return try activating(span, finishOnClose, site, by: scopeManager, body)
    }

    /// Hides the active span from the body, and from tasks that are created in it.
    @inlinable
    public func withNoActiveSpan<R, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R {
        if isNoop { return try await body() }
        return try await scopeManager.withNoActiveSpan(body)
    }

    /// Hides the active span from the body, and from tasks that are created in it.
    @inlinable
    public func withNoActiveSpan<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        if isNoop { return try body() }
        return try scopeManager.withNoActiveSpan(body)
    }
}

/// Knows which span is active where.
///
/// ``TaskLocalScopeManager`` is the one to use:
///
///     try await manager.activate(span, finishOnClose: true) { scope in
///         // span is active here, and in tasks that are created here
///     }
///
/// The requirements with `withScope` are for those who write managers; users call the `activate` of the extension.
public protocol ScopeManager: AnyObject, Sendable {
    /// The scope that is active here; nil outside of any.
    var active: (any Scope)? { get }
    /// The span that is active here: that of ``active``, unless a manager finds it sooner.
    var activeSpan: (any Span)? { get }

    /// Makes a span active until the scope is closed.
    ///
    /// For parity with other languages; the closure forms are to be preferred, because this pair has limits:
    /// - the task that opened the scope has to close it, in the same closure of `activate`, `withActiveSpan` or
    ///   `withNoActiveSpan`, if any; elsewhere, closing does nothing;
    /// - child tasks do not see the span as active, but what the closure around them made active;
    /// - a scope that nobody closes stays active until that closure ends, and its span is never finished. Tasks are told
    ///   apart by their address, which is used anew: when the task ends, a later one may find the scope active.
    func activate(_ span: any Span, finishOnClose: Bool) -> any Scope

    /// Makes a span active in the body.
    ///
    /// - Parameters:
    ///   - span: the span.
    ///   - finishOnClose: whether the span is finished at the body's end.
    ///   - site: what the log of an error gives as `stack`.
    ///   - body: what to do; when it throws, the error is recorded on the span.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws.
    func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R

    /// Makes a span active in a body that does not wait.
    func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R

    /// Hides the active span from the body, and from tasks that are created in it (Python: `no_parent_scope`).
    func withNoActiveSpan<R, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R

    /// Hides the active span from a body that does not wait, and from tasks that are created in it.
    func withNoActiveSpan<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R
}

extension ScopeManager {
    /// The span of ``active``.
    public var activeSpan: (any Span)? { active?.span }

    /// Makes a span active in the body, and in tasks that are created in it; then the span that was active before is so
    /// again.
    ///
    /// - Parameters:
    ///   - span: the span.
    ///   - finishOnClose: whether the span is finished at the body's end.
    ///   - file: the file given in the log of an error.
    ///   - line: the line given in the log of an error.
    ///   - body: what to do; when it throws, the error is recorded on the span.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws.
    @inlinable
    public func activate<R, E: Error>(
        _ span: any Span,
        finishOnClose: Bool,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R {
        let site = CallSite(file: file, line: line)
        return try await activating(span, finishOnClose, site, by: self, body)
    }

    /// Makes a span active in a body that does not wait; all else is as in the other form.
    @inlinable
    public func activate<R, E: Error>(
        _ span: any Span,
        finishOnClose: Bool,
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R {
        let site = CallSite(file: file, line: line)
        return try activating(span, finishOnClose, site, by: self, body)
    }
}

/// Calls `withScope`, past the protocol when the manager is the one that nearly all use: then the compiler knows the
/// body.
@inlinable
func activating<R, E: Error>(
    _ span: any Span,
    _ finishOnClose: Bool,
    _ site: CallSite,
    by manager: any ScopeManager,
    _ body: (any Scope) async throws(E) -> R
) async throws(E) -> R {
    if let manager = manager as? TaskLocalScopeManager {
        return try await manager.withScope(of: span, finishOnClose: finishOnClose, site: site, body)
    }
    return try await manager.withScope(of: span, finishOnClose: finishOnClose, site: site, body)
}

/// The form for a body that does not wait.
@inlinable
func activating<R, E: Error>(
    _ span: any Span,
    _ finishOnClose: Bool,
    _ site: CallSite,
    by manager: any ScopeManager,
    _ body: (any Scope) throws(E) -> R
) throws(E) -> R {
    if let manager = manager as? TaskLocalScopeManager {
        return try manager.withScope(of: span, finishOnClose: finishOnClose, site: site, body)
    }
    return try manager.withScope(of: span, finishOnClose: finishOnClose, site: site, body)
}

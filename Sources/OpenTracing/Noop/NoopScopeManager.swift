/// The scope manager that does nothing: one scope is always active.
public final class NoopScopeManager: ScopeManager {
    /// The manager of no-op tracers.
    public static let shared = NoopScopeManager()

    private init() {}

    /// A scope of a span that does nothing.
    public var active: (any Scope)? { NoopScope.active }

    /// Returns a scope that does nothing.
    public func activate(_ span: any Span, finishOnClose: Bool) -> any Scope { NoopScope.active }

    /// Runs the body.
    public func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R {
        try await body(NoopScope.active)
    }

    /// Runs the body.
    public func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R {
        try body(NoopScope.active)
    }

    /// Runs the body.
    public func withNoActiveSpan<R, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R { try await body() }

    /// Runs the body.
    public func withNoActiveSpan<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R { try body() }
}

/// The scope that does nothing.
public final class NoopScope: Scope {
    /// The scope of every no-op tracer.
    public static let shared = NoopScope(.shared)
    /// The scope of the no-op scope manager.
    static let active = NoopScope(.active)

    /// A span that does nothing.
    public let span: any Span
    /// ``NoopScopeManager/shared``.
    public var manager: any ScopeManager { NoopScopeManager.shared }

    private init(_ span: NoopSpan) { self.span = span }

    /// Does nothing.
    public func close() {}
}

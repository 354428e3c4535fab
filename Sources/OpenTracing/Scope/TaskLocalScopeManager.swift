/// The scope manager for structured concurrency: the active span follows the task.
///
/// A span made active by a closure form is active in the closure and in the tasks created there (`async let`, task groups,
/// `Task {}`), even after the closure has ended; siblings never see one another's. Detached tasks begin with none. Each
/// manager has active spans of its own.
///
/// Code that runs in no task is served too: there the active span belongs to the thread.
public final class TaskLocalScopeManager: ScopeManager {
    private let binding = TaskLocal<ScopeBinding?>(wrappedValue: nil)
    /// For what is activated imperatively outside of any closure.
    private let outermost = ScopeOverrides()

    /// Makes a manager.
    public init() {}

    /// The scope that is active in this task; nil when none is.
    public var active: (any Scope)? { activeScope }

    private var activeScope: TaskLocalScope? {
        switch binding.get() {
        case nil: outermost.active(insteadOf: nil)
        case .scope(let scope): scope.overrides.active(insteadOf: scope)
        case .hidden(let frame): frame.overrides.active(insteadOf: nil)
        }
    }

    private func override(with scope: TaskLocalScope?) {
        switch binding.get() {
        case nil: outermost.activate(scope, insteadOf: nil)
        case .scope(let bound): bound.overrides.activate(scope, insteadOf: bound)
        case .hidden(let frame): frame.overrides.activate(scope, insteadOf: nil)
        }
    }

    private func makeScope(of span: any Span, finishOnClose: Bool) -> TaskLocalScope {
        TaskLocalScope(span, finishOnClose: finishOnClose, previous: activeScope, manager: self)
    }

    /// Makes a span active until the scope is closed; the closure forms are to be preferred, see ``ScopeManager``.
    public func activate(_ span: any Span, finishOnClose: Bool) -> any Scope {
        let scope = makeScope(of: span, finishOnClose: finishOnClose)
        override(with: scope)
        return scope
    }

    func close(_ scope: TaskLocalScope) {
        guard scope.isOurs, activeScope === scope, let previous = scope.leave() else { return }
        override(with: previous)
        if scope.finishesSpan { scope.span.finish(at: nil) }
    }

    // `withValue` forgets the type of the error, a result keeps it.

    /// Makes a span active in the body.
    public func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R {
        let scope = makeScope(of: span, finishOnClose: finishOnClose)
        defer { scope.end() }
        let result: Result<R, E> = await binding.withValue(.scope(scope)) {
            do throws(E) {
                return .success(try await body(scope))
            } catch {
                span.recordError(error, at: site)
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Makes a span active in the body.
    public func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R {
        let scope = makeScope(of: span, finishOnClose: finishOnClose)
        defer { scope.end() }
        let result: Result<R, E> = binding.withValue(.scope(scope)) {
            do throws(E) {
                return .success(try body(scope))
            } catch {
                span.recordError(error, at: site)
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Hides the active span from the body, and from tasks that are created in it.
    public func withNoActiveSpan<R, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R {
        let result: Result<R, E> = await binding.withValue(.hidden(HiddenFrame(manager: self))) {
            do throws(E) { return .success(try await body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Hides the active span from the body, and from tasks that are created in it.
    public func withNoActiveSpan<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        let result: Result<R, E> = binding.withValue(.hidden(HiddenFrame(manager: self))) {
            do throws(E) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

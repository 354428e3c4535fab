/// The scope manager for structured concurrency: the active span follows the task.
///
/// A span made active by a closure form is active in the closure and in the tasks created there (`async let`, task groups,
/// `Task {}`), even after the closure has ended; siblings never see one another's. Detached tasks begin with none. Each
/// manager has active spans of its own.
///
/// Code that runs in no task is served too: there the active span belongs to the thread.
public final class TaskLocalScopeManager: ScopeManager {
    @usableFromInline let binding: TaskLocal<ScopeFrame>

    /// Makes a manager.
    public init() {
        // The frame outside of all closures.
        binding = TaskLocal(wrappedValue: ScopeFrame(manager: nil))
    }

    /// The scope that is active in this task; nil when none is.
    public var active: (any Scope)? { binding.get().active }

    /// The span that is active in this task; nil when none is.
    public var activeSpan: (any Span)? { binding.get().active?.span }

    @usableFromInline
    func makeScope(of span: any Span, finishOnClose: Bool) -> TaskLocalScope {
        TaskLocalScope(span, finishOnClose: finishOnClose, previous: binding.get().active, manager: self)
    }

    @usableFromInline func makeHiddenFrame() -> ScopeFrame { ScopeFrame(manager: self) }

    /// Makes a span active until the scope is closed; the closure forms are to be preferred, see ``ScopeManager``.
    public func activate(_ span: any Span, finishOnClose: Bool) -> any Scope {
        let scope = makeScope(of: span, finishOnClose: finishOnClose)
        binding.get().activate(scope)
        return scope
    }

    func close(_ scope: TaskLocalScope) {
        let frame = binding.get()
        guard scope.isOurs, frame.active === scope, let previous = scope.leave() else { return }
        frame.activate(previous)
        if scope.finishesSpan { scope.span.finish(at: nil) }
    }

    // The bodies below are inlinable so that the compiler knows what they return and throw; `withValue` forgets the
    // type of an error, a result keeps it.

    /// Makes a span active in the body.
    @inlinable
    public func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R {
        let scope = makeScope(of: span, finishOnClose: finishOnClose)
        defer { scope.end() }
        let result: Result<R, E> = await binding.withValue(scope) {
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
    @inlinable
    public func withScope<R, E: Error>(
        of span: any Span,
        finishOnClose: Bool,
        site: CallSite,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R {
        let scope = makeScope(of: span, finishOnClose: finishOnClose)
        defer { scope.end() }
        let result: Result<R, E> = binding.withValue(scope) {
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
    @inlinable
    public func withNoActiveSpan<R, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R {
        let result: Result<R, E> = await binding.withValue(makeHiddenFrame()) {
            do throws(E) { return .success(try await body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Hides the active span from the body, and from tasks that are created in it.
    @inlinable
    public func withNoActiveSpan<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        let result: Result<R, E> = binding.withValue(makeHiddenFrame()) {
            do throws(E) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

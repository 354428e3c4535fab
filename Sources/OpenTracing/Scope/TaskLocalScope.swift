import Synchronization

/// A scope of ``TaskLocalScopeManager``.
@usableFromInline
final class TaskLocalScope: ScopeFrame, Scope, @unchecked Sendable {
    // Unchecked: it has a superclass; every property is a constant that is Sendable, what changes is in the mutex.
    private enum State {
        case open(previous: TaskLocalScope?)
        case closed
    }

    @usableFromInline let span: any Span
    let finishesSpan: Bool
    private let creator: TaskLocalScopeManager
    private let task: TaskIdentity
    private let state: Mutex<State>

    init(_ span: any Span, finishOnClose: Bool, previous: TaskLocalScope?, manager: TaskLocalScopeManager) {
        self.span = span
        finishesSpan = finishOnClose
        creator = manager
        task = .current
        state = Mutex(.open(previous: previous))
        super.init(manager: nil)
    }

    override var bound: TaskLocalScope? { self }

    @usableFromInline var manager: any ScopeManager { creator }

    @usableFromInline func close() { creator.close(self) }

    /// Whether the running task is the one that opened the scope.
    var isOurs: Bool { task == .current }

    /// Closes the scope, and lets go of the one before it: a chain of tasks that start one another does not grow.
    ///
    /// - Returns: nil when it was closed, else the scope that was active before, if any.
    func leave() -> TaskLocalScope?? {
        state.withLock { state in
            guard case .open(let previous) = state else { return nil }
            state = .closed
            return .some(previous)
        }
    }

    /// Closes the scope at the end of its closure, when nothing of it is bound any more.
    @usableFromInline
    func end() {
        guard leave() != nil, finishesSpan else { return }
        span.finish(at: nil)
    }
}

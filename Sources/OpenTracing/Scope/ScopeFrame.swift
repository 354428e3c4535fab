import Synchronization

/// What a closure binds to the task: its scope, or none to hide the active one. Child tasks inherit the frame.
final class ScopeFrame: Sendable {
    let scope: TaskLocalScope?
    let overrides = ScopeOverrides()
    /// The task-local value is found by its address, so it has to live as long as anything is bound to it.
    private let manager: TaskLocalScopeManager

    init(_ scope: TaskLocalScope?, manager: TaskLocalScopeManager) {
        self.scope = scope
        self.manager = manager
    }
}

/// What is active in single tasks instead of the frame's scope, because they opened or closed scopes imperatively.
struct ScopeOverrides: ~Copyable, Sendable {
    /// The size of the table: a task sees what it did itself in any order, hence relaxed.
    private let count = Atomic(0)
    private let table = Mutex<[TaskIdentity: TaskLocalScope?]>([:])

    /// The scope that is active in the running task.
    func active(insteadOf base: TaskLocalScope?) -> TaskLocalScope? {
        guard count.load(ordering: .relaxed) > 0 else { return base }
        let task = TaskIdentity.current
        return table.withLock { $0[task] } ?? base
    }

    /// Makes a scope, or none, the active one in the running task.
    func activate(_ scope: TaskLocalScope?, insteadOf base: TaskLocalScope?) {
        let task = TaskIdentity.current
        let previous = table.withLock { table in
            let previous = table[task]
            if scope === base { table[task] = nil } else { table[task] = .some(scope) }
            count.store(table.count, ordering: .relaxed)
            return previous
        }
        withExtendedLifetime(previous) {}
    }
}

import Synchronization

/// What a closure binds to the task, and child tasks inherit.
///
/// Either holds the manager: the task-local value is found by its address, so it has to live as long as anything is bound
/// to it.
enum ScopeBinding: Sendable {
    case scope(TaskLocalScope)
    /// No scope is active.
    case hidden(HiddenFrame)
}

/// Where no scope is active until one is opened.
final class HiddenFrame: Sendable {
    let overrides = ScopeOverrides()
    private let manager: TaskLocalScopeManager

    init(manager: TaskLocalScopeManager) { self.manager = manager }
}

/// What is active in single tasks instead of what the closure around them bound, because they opened or closed scopes imperatively.
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

import Synchronization

/// What a closure binds to the task, and child tasks inherit: a scope, or that none is active until one is opened.
///
/// It holds the manager: the task-local value is found by its address, so it has to live as long as anything is bound
/// to it.
@usableFromInline
class ScopeFrame: @unchecked Sendable {
    // Unchecked: the compiler checks only final classes; every property is a constant that is Sendable.
    private let owner: TaskLocalScopeManager?
    private let overrides = ScopeOverrides()

    /// - Parameter manager: whose frame it is; nil for the one that the manager itself holds.
    init(manager: TaskLocalScopeManager?) { owner = manager }

    /// The scope that the frame's closure is of.
    var bound: TaskLocalScope? { nil }

    /// The scope that is active in the running task.
    final var active: TaskLocalScope? { overrides.active(insteadOf: bound) }

    /// Makes a scope, or none, the active one in the running task, without a closure.
    final func activate(_ scope: TaskLocalScope?) { overrides.activate(scope, insteadOf: bound) }
}

/// What is active in single tasks instead of what the closure around them bound, because they opened or closed scopes imperatively.
private struct ScopeOverrides: ~Copyable, Sendable {
    /// The size of the table: a task sees what it did itself in any order, hence relaxed.
    private let count = Atomic(0)
    private let table = Mutex<[TaskIdentity: TaskLocalScope?]>([:])

    func active(insteadOf base: TaskLocalScope?) -> TaskLocalScope? {
        guard count.load(ordering: .relaxed) > 0 else { return base }
        let task = TaskIdentity.current
        return table.withLock { $0[task] } ?? base
    }

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

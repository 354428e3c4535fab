import Synchronization

/// The monitor of all that is not given one of its own: none until one is registered.
///
/// Controllers take it when they are made, entrypoints and operations that run outside of a controller when they are
/// executed. So metrics count what a handler or a program executes directly, as kser's do.
///
///     let metrics = try WorkerMetrics()
///     GlobalMonitor.register(metrics)
///     let result = await Hello().execute(["name": "Cedric"])
public enum GlobalMonitor {
    private static let isRegistered = Atomic(false)
    private static let registration = Mutex<(any KserMonitor)?>(nil)

    /// The registered monitor; nil, at the cost of a branch, when there is none.
    public static var monitor: (any KserMonitor)? {
        guard isRegistered.load(ordering: .acquiring) else { return nil }
        return registration.withLock { $0 }
    }

    /// Registers a monitor for the whole process, in place of one that was registered before; nil registers none.
    public static func register(_ monitor: (any KserMonitor)?) {
        let previous = registration.withLock { registration in
            defer { registration = monitor }
            isRegistered.store(monitor != nil, ordering: .releasing)
            return registration
        }
        withExtendedLifetime(previous) {}
    }
}

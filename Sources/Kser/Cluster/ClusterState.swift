import Synchronization

/// What a process knows of its cluster besides what it was told; copies of the cluster share it.
final class ClusterState: Sendable {
    /// An attempt that is in work here.
    struct InWork: Sendable, Hashable {
        let operation: String
        let place: Int
        let attempt: Int
    }

    private struct State {
        var identity: String?
        var strangers: ContinuousClock.Instant?
        var inWork: Set<InWork> = []
    }

    private let state = Mutex(State())

    /// What tells the store from others; nil while nobody has asked.
    var identity: String? {
        get { state.withLock { $0.identity } }
        set { state.withLock { $0.identity = newValue } }
    }

    /// Attempts that are in work.
    var inWork: Set<InWork> { state.withLock { $0.inWork } }

    /// Notes an attempt that begins.
    func begin(_ attempt: InWork) { _ = state.withLock { $0.inWork.insert(attempt) } }

    /// Notes an attempt that has ended.
    func end(_ attempt: InWork) { _ = state.withLock { $0.inWork.remove(attempt) } }

    /// Notes a message whose operation another store has.
    func noteStranger() { state.withLock { $0.strangers = .now } }

    /// Whether there was such a message a short while ago: it comes again and again.
    var hasStrangers: Bool {
        guard let last = state.withLock({ $0.strangers }) else { return false }
        return last.duration(to: .now) < .seconds(60)
    }
}

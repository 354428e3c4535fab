import Kser
import Synchronization

/// SIGINT and SIGTERM as a wish to stop after what is being done; a second one ends the process.
final class Interrupt: Sendable {
    private let count = Atomic(0)
    private let actions = Mutex<[@Sendable () -> Void]>([])
    private let watch = Mutex<SignalWatch?>(nil)

    init() {
        let signals = SignalWatch([.interrupt, .terminate]) { [weak self] in self?.came() }
        watch.withLock { $0 = signals }
    }

    var isWished: Bool { count.load(ordering: .relaxed) > 0 }

    /// Calls the action when the wish comes.
    func then(_ action: @escaping @Sendable () -> Void) { actions.withLock { $0.append(action) } }

    private func came() {
        if count.add(1, ordering: .relaxed).newValue > 1 { return end() }
        for action in actions.withLock({ $0 }) { action() }
    }

    private func end() {
        // From now on signals do what they did before, and this one comes again.
        let signals = watch.withLock { $0.take() }
        signals?.end()
        raiseInterrupt()
    }
}

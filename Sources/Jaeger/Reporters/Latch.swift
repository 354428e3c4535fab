import Synchronization

/// Something that happens once; any number of tasks wait for it.
final class Latch: Sendable {
    /// Those who wait; nil when it has happened.
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]?>([])

    func open() {
        let resumed = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting ?? []
        }
        for continuation in resumed { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = waiting.withLock { waiting in
                waiting?.append(continuation)
                return waiting == nil
            }
            if isOpen { continuation.resume() }
        }
    }
}

import Dispatch
import Synchronization

/// Calls actions when their time has come. All share one heap, and what is taken back leaves nothing behind.
package final class Timers: Sendable {
    /// The process's timers.
    package static let shared = Timers()

    private struct Entry {
        let due: ContinuousClock.Instant
        let id: Int
    }

    private struct State {
        /// A binary heap, the earliest first; entries whose action was taken back are dropped now and then.
        var heap: [Entry] = []
        var actions: [Int: @Sendable () -> Void] = [:]
        var lastID = 0
        /// When the dispatch queue looks next.
        var look: ContinuousClock.Instant?

        mutating func push(_ entry: Entry) {
            heap.append(entry)
            var index = heap.count - 1
            while index > 0, case let parent = (index - 1) / 2, heap[index].due < heap[parent].due {
                heap.swapAt(index, parent)
                index = parent
            }
        }

        mutating func popFirst() {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            var index = 0
            while case let child = 2 * index + 1, child < heap.count {
                let isSecond = child + 1 < heap.count && heap[child + 1].due < heap[child].due
                let least = isSecond ? child + 1 : child
                if heap[index].due <= heap[least].due { return }
                heap.swapAt(index, least)
                index = least
            }
        }

        mutating func forget(_ id: Int) {
            actions[id] = nil
            if heap.count < 64 || heap.count < 2 * actions.count { return }
            // Sorted, it is a heap.
            heap = heap.filter { actions[$0.id] != nil }.sorted { $0.due < $1.due }
        }

        /// The actions whose time has come.
        mutating func takeDue(_ now: ContinuousClock.Instant) -> [@Sendable () -> Void] {
            var due: [@Sendable () -> Void] = []
            while let first = heap.first, first.due <= now || actions[first.id] == nil {
                popFirst()
                if let action = actions.removeValue(forKey: first.id) { due.append(action) }
            }
            return due
        }

        /// When to look next, if that is earlier than is seen to already.
        mutating func nextLook() -> ContinuousClock.Instant? {
            guard let first = heap.first?.due, look.map({ first < $0 }) ?? true else { return nil }
            look = first
            return first
        }
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "kser.timers")

    package init() {}

    /// How many actions wait for their time.
    package var count: Int { state.withLock { $0.actions.count } }

    /// How many entries the heap has.
    package var entries: Int { state.withLock { $0.heap.count } }

    /// Calls an action after some time, on a thread of its own; it must be quick.
    ///
    /// - Returns: what ``cancel(_:)`` takes.
    package func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> Int {
        // Beyond a thousand years nobody waits, and the arithmetic of instants ends somewhere.
        schedule(at: ContinuousClock.now + min(max(.zero, delay), .seconds(1 << 35)), action)
    }

    /// Calls an action at a time; see ``schedule(after:_:)``.
    package func schedule(at due: ContinuousClock.Instant, _ action: @escaping @Sendable () -> Void) -> Int {
        let (id, look) = state.withLock { state in
            state.lastID += 1
            state.actions[state.lastID] = action
            state.push(Entry(due: due, id: state.lastID))
            return (state.lastID, state.nextLook())
        }
        if let look { lookAgain(at: look) }
        return id
    }

    /// Takes an action back; it may be running already.
    package func cancel(_ id: Int) { state.withLock { $0.forget(id) } }

    private func lookAgain(at time: ContinuousClock.Instant) {
        let delay = min(max(.zero, ContinuousClock.now.duration(to: time)), .seconds(3_600))
        queue.asyncAfter(deadline: .now() + (delay / .seconds(1))) { self.look(at: time) }
    }

    private func look(at time: ContinuousClock.Instant) {
        let (due, look) = state.withLock { state -> ([@Sendable () -> Void], ContinuousClock.Instant?) in
            // An earlier look was asked for since, and has been or will be.
            guard state.look == time else { return ([], nil) }
            state.look = nil
            return (state.takeDue(.now), state.nextLook())
        }
        for action in due { action() }
        if let look { lookAgain(at: look) }
    }
}

import Synchronization

/// A number of places that tasks take and give back, first come first served.
final class Permits: Sendable {
    private struct State {
        var free: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
        var head = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    /// Takes a place, waiting for one if none is free. Cancellation does not end the wait: places come back.
    func take(isolation: isolated (any Actor)? = #isolation) async {
        let isTaken = state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
        if isTaken { return }
        await withCheckedContinuation(isolation: isolation) { waiter in
            let isTaken = state.withLock { state in
                guard state.free > 0 else {
                    state.waiters.append(waiter)
                    return false
                }
                state.free -= 1
                return true
            }
            if isTaken { waiter.resume() }
        }
    }

    /// Gives a place back.
    func giveBack() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.head < state.waiters.count else {
                state.free += 1
                return nil
            }
            defer {
                state.head += 1
                if state.head == state.waiters.count {
                    state.waiters.removeAll(keepingCapacity: true)
                    state.head = 0
                }
            }
            return state.waiters[state.head]
        }
        waiter?.resume()
    }
}

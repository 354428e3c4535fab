import Synchronization

/// A bucket that fills at a steady rate. The bucket is filled at random in the beginning, so that services which start
/// together do not all sample their first trace.
package final class RateLimiter: Sendable {
    private struct State {
        var rate: Double
        var maximum: Double
        var balance: Double
        var last: Double

        // The order of the operations is the reference's: it decides the last bits.
        mutating func settle(at now: Double) {
            let elapsed = now - last
            last = now
            balance += elapsed * rate
            if balance > maximum { balance = maximum }
        }
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Double

    /// - Parameters:
    ///   - rate: the credits that come in a second.
    ///   - maximum: the credits that fit.
    ///   - random: how full the bucket is in the beginning, from 0 to 1.
    ///   - now: the time in seconds.
    package init(rate: Double, maximum: Double, random: Double, now: @escaping @Sendable () -> Double) {
        self.now = now
        state = Mutex(State(rate: rate, maximum: maximum, balance: maximum * random, last: now()))
    }

    package var balance: Double { state.withLock { $0.balance } }
    package var rate: Double { state.withLock { $0.rate } }
    package var maximum: Double { state.withLock { $0.maximum } }

    /// Takes one credit, if there is one.
    package func take() -> Bool {
        let now = now()
        return state.withLock { state in
            state.settle(at: now)
            guard state.balance >= 1 else { return false }
            state.balance -= 1
            return true
        }
    }

    /// Changes the rate; the bucket stays as full as it is, as a share.
    package func update(rate: Double, maximum: Double) {
        let now = now()
        state.withLock { state in
            state.settle(at: now)
            state.rate = rate
            state.balance = maximum * state.balance / state.maximum
            state.maximum = maximum
        }
    }
}

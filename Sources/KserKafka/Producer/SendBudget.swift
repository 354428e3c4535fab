import Kser
import Synchronization

/// How much room there is for records on their way, and who waits for some: first come, first served.
///
/// A value without locks or clocks of its own; ``ProducerCore`` guards it.
struct SendBudget {
    /// A send that waits for room.
    final class Waiter: Sendable {
        let bytes: Int
        let deadline: ContinuousClock.Instant
        let promise = Promise<Void>()
        /// Whether it holds room; changed only together with the budget.
        let holdsRoom: Atomic<Bool>

        init(_ bytes: Int, _ deadline: ContinuousClock.Instant, holdsRoom: Bool = false) {
            self.bytes = bytes
            self.deadline = deadline
            self.holdsRoom = Atomic(holdsRoom)
        }
    }

    private let maxMessages: Int
    private let maxBytes: Int
    private var messages = 0
    private var bytes = 0
    private var waiters = Queue<Waiter>()
    private var stalled: [Waiter] = []

    init(maxMessages: Int, maxBytes: Int) {
        self.maxMessages = max(1, maxMessages)
        self.maxBytes = max(1, maxBytes)
    }

    /// How many records are on their way.
    var inFlight: Int { messages }

    /// When the first waiter gives up.
    var nextDeadline: ContinuousClock.Instant? {
        let first = waiters.first?.deadline
        guard let other = stalled.first?.deadline else { return first }
        return first.map { min($0, other) } ?? other
    }

    /// Takes room for a record unless others wait or there is none.
    mutating func take(_ size: Int) -> Bool {
        guard waiters.isEmpty, fits(size) else { return false }
        messages += 1
        bytes += size
        return true
    }

    /// Puts a record on the list of those that wait for room.
    mutating func wait(for size: Int, until deadline: ContinuousClock.Instant) -> Waiter {
        let waiter = Waiter(size, deadline)
        // Room may have been given back since it was asked for. Nobody waits for the promise yet.
        if take(size) {
            waiter.holdsRoom.store(true, ordering: .relaxed)
            waiter.promise.keep()
        } else {
            waiters.append(waiter)
        }
        return waiter
    }

    /// Makes a record that holds room wait until some room is given back: librdkafka's own queue is full.
    ///
    /// - Returns: nil when nothing else is on its way, so that waiting would be in vain.
    mutating func stall(until deadline: ContinuousClock.Instant) -> Waiter? {
        guard messages > stalled.count + 1 else { return nil }
        let waiter = Waiter(0, deadline, holdsRoom: true)
        stalled.append(waiter)
        return waiter
    }

    /// Gives room back.
    ///
    /// - Returns: the waiters that may go on; keep their promises after unlocking.
    mutating func giveBack(messages count: Int, bytes size: Int) -> [Waiter] {
        messages -= count
        bytes -= size
        defer { stalled.removeAll() }
        return stalled + admit()
    }

    /// Takes a waiter off the list.
    ///
    /// - Returns: whether it holds room, which is to be given back, and the waiters that got room by its going.
    mutating func remove(_ waiter: Waiter) -> (holdsRoom: Bool, admitted: [Waiter]) {
        stalled.removeAll { $0 === waiter }
        waiters.removeAll { $0 === waiter }
        return (waiter.holdsRoom.load(ordering: .relaxed), admit())
    }

    /// Takes the waiters off the list whose time is over.
    mutating func expire(at now: ContinuousClock.Instant) -> [Waiter] {
        guard let first = nextDeadline, first <= now else { return [] }
        let expired = (stalled + waiters).filter { $0.deadline <= now }
        stalled.removeAll { $0.deadline <= now }
        waiters.removeAll { $0.deadline <= now }
        return expired
    }

    /// Takes every waiter off the list.
    mutating func removeAll() -> [Waiter] {
        defer {
            stalled = []
            waiters.removeAll()
        }
        return stalled + waiters
    }

    private mutating func admit() -> [Waiter] {
        var admitted: [Waiter] = []
        while let first = waiters.first, fits(first.bytes), let waiter = waiters.popFirst() {
            messages += 1
            bytes += waiter.bytes
            waiter.holdsRoom.store(true, ordering: .relaxed)
            admitted.append(waiter)
        }
        return admitted
    }

    // A record larger than all the room goes alone.
    private func fits(_ size: Int) -> Bool {
        messages < maxMessages && (bytes + size <= maxBytes || messages == 0)
    }
}

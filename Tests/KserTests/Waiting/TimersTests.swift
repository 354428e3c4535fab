import Kser
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct TimersTests {
    private let timers = Timers()

    @Test func actionsAreCalledInTheOrderOfTheirTimes() async throws {
        let order = Mutex<[Int]>([])
        let done = Promise<Void>()
        // Later than the last one is scheduled.
        let start = ContinuousClock.now + .milliseconds(500)
        for delay in [30, 10, 50, 20, 40] {
            _ = timers.schedule(at: start + .milliseconds(delay)) {
                let isLast = order.withLock { order in
                    order.append(delay)
                    return order.count == 5
                }
                if isLast { done.keep() }
            }
        }
        try await done.value()
        #expect(order.withLock { $0 } == [10, 20, 30, 40, 50])
    }

    @Test func whatIsTakenBackIsNotCalledAndLeavesNothing() async throws {
        let called = Atomic(0)
        for _ in 0..<100_000 {
            timers.cancel(timers.schedule(after: .seconds(3_600)) { called.add(1, ordering: .relaxed) })
        }
        #expect(timers.count == 0 && timers.entries < 100)
        // Later than it is taken back.
        let due = ContinuousClock.now + .milliseconds(500)
        timers.cancel(timers.schedule(at: due) { called.add(1, ordering: .relaxed) })
        let later = Promise<Void>()
        _ = timers.schedule(at: due + .milliseconds(1)) { later.keep() }
        try await later.value()
        #expect(called.load(ordering: .relaxed) == 0)
    }

    @Test func aTimeBeyondAllIsNoTrap() {
        for delay in [Duration.seconds(Int64.max), .zero, .seconds(-5)] { _ = timers.schedule(after: delay) {} }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func theHeapKeepsItsOrderWhateverIsTakenBack(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let due = Mutex<[Int]>([])
        let done = Promise<Void>()
        var ids: [Int] = []
        // Later than the last one is scheduled, so that all are in the heap.
        let start = ContinuousClock.now + .milliseconds(500)
        for _ in 0..<500 {
            let delay = Int.random(in: 1...50, using: &random)
            ids.append(timers.schedule(at: start + .milliseconds(delay)) { due.withLock { $0.append(delay) } })
        }
        ids.shuffle(using: &random)
        for id in ids[..<400] { timers.cancel(id) }
        _ = timers.schedule(at: start + .milliseconds(51)) { done.keep() }
        try await done.value()
        #expect(due.withLock { $0.count } == 100)
        #expect(due.withLock { $0 == $0.sorted() })
    }
}

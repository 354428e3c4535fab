import Kser
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct PermitsTests {
    @Test func placesGoToThoseWhoWaitInTheirOrder() async {
        let permits = Permits(1)
        await permits.take()
        let turns = (0..<3).compactMap { _ in permits.request() }
        let order = Noted<[Int]>([])
        let tasks = turns.enumerated().map { number, turn in
            Task {
                await permits.wait(for: turn)
                order.withLock { $0.append(number) }
                permits.giveBack()
            }
        }
        permits.giveBack()
        for task in tasks { await task.value }
        #expect(order.withLock { $0 } == [0, 1, 2])
        #expect(permits.request() == nil, "the place is free again")
    }

    @Test func neverMoreThanThePlacesHoldOne() async {
        let permits = Permits(3)
        let state = Noted((now: 0, most: 0))
        let tasks = (0..<200).map { _ in
            Task {
                await permits.take()
                state.withLock { state in
                    state.now += 1
                    state.most = max(state.most, state.now)
                }
                await Task.yield()
                state.withLock { $0.now -= 1 }
                permits.giveBack()
            }
        }
        for task in tasks { await task.value }
        #expect(state.withLock { $0.most } == 3)
    }

    @Test func bytesAreCountedAndWhatIsLargerThanAllGoesAlone() async {
        let permits = Permits(10, bytes: 100)
        #expect(permits.request(60) == nil)
        let large = permits.request(500)
        let small = permits.request(10)
        permits.giveBack(60)
        // The large one has the room alone; the small one waits in line.
        guard let large, let small else {
            Issue.record("there was no room")
            return
        }
        await permits.wait(for: large)
        #expect(permits.request(0) != nil)
        permits.giveBack(500)
        await permits.wait(for: small)
    }

    @Test(arguments: 0..<20)
    func whoEndsTheWaitHoldsUpNobody(round: Int) async {
        let permits = Permits(1, bytes: 100)
        await permits.take(50)
        guard let first = permits.request(80), let second = permits.request(10) else {
            Issue.record("there was room")
            return
        }
        let leaves = Task { await permits.wait(for: first) }
        let stays = Task { await permits.wait(for: second) }
        if round.isMultiple(of: 2) { await Task.yield() }
        if round.isMultiple(of: 3) { first.end() } else { leaves.cancel() }
        await leaves.value
        // It has a place too many, unused.
        permits.giveBack(80)
        permits.giveBack(50)
        await stays.value
        permits.giveBack(10)
        #expect(permits.request(100) == nil)
    }

    @Test func thoseWhoLeftAreNotKept() async {
        let permits = Permits(0)
        for _ in 0..<10_000 {
            guard let turn = permits.request() else { return }
            turn.end()
            await permits.wait(for: turn)
            permits.giveBack()
        }
        #expect(permits.waiting < 100)
    }
}

/// What tasks note together.
private final class Noted<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { value.withLock { body(&$0) } }
}

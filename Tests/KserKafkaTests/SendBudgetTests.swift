import Testing

@testable import KserKafka

/// The budget as an object: `#expect` takes no call that changes a value.
private final class Room {
    private var budget: SendBudget

    init(maxMessages: Int, maxBytes: Int) { budget = SendBudget(maxMessages: maxMessages, maxBytes: maxBytes) }

    var inFlight: Int { budget.inFlight }
    var nextDeadline: ContinuousClock.Instant? { budget.nextDeadline }
    func take(_ size: Int) -> Bool { budget.take(size) }
    func wait(for size: Int, until deadline: ContinuousClock.Instant) -> SendBudget.Waiter {
        budget.wait(for: size, until: deadline)
    }
    func stall(until deadline: ContinuousClock.Instant) -> SendBudget.Waiter? { budget.stall(until: deadline) }
    func giveBack(messages: Int, bytes: Int) -> [SendBudget.Waiter] {
        budget.giveBack(messages: messages, bytes: bytes)
    }
    func remove(_ waiter: SendBudget.Waiter) -> (holdsRoom: Bool, admitted: [SendBudget.Waiter]) {
        budget.remove(waiter)
    }
    func expire(at now: ContinuousClock.Instant) -> [SendBudget.Waiter] { budget.expire(at: now) }
}

@Suite("Room for records on their way")
struct SendBudgetTests {
    private let soon = ContinuousClock.now + .seconds(1)

    @Test("messages and bytes are bounded, and a record larger than all goes alone")
    func bounds() {
        let budget = Room(maxMessages: 2, maxBytes: 100)
        #expect(budget.take(60))
        #expect(!budget.take(60))
        #expect(budget.take(40))
        #expect(!budget.take(0))
        #expect(budget.giveBack(messages: 2, bytes: 100).isEmpty)
        #expect(budget.take(1_000))
        #expect(!budget.take(1))
        #expect(budget.inFlight == 1)
    }

    @Test("first come, first served, also when a later one would fit")
    func order() {
        let budget = Room(maxMessages: 10, maxBytes: 100)
        #expect(budget.take(90))
        let large = budget.wait(for: 50, until: soon)
        #expect(!budget.take(1))
        let small = budget.wait(for: 1, until: soon)
        #expect(budget.giveBack(messages: 0, bytes: 30).isEmpty)
        #expect(
            budget.giveBack(messages: 1, bytes: 60).map { ObjectIdentifier($0) }
                == [large, small].map { ObjectIdentifier($0) }
        )
        #expect(budget.inFlight == 2)
    }

    @Test("who leaves the line lets others in; who was let in gives its room back")
    func leaving() {
        let budget = Room(maxMessages: 10, maxBytes: 100)
        #expect(budget.take(90))
        let large = budget.wait(for: 50, until: soon)
        let small = budget.wait(for: 1, until: soon)
        let left = budget.remove(large)
        #expect(!left.holdsRoom && left.admitted.count == 1)
        #expect(budget.remove(small).holdsRoom)
        #expect(budget.nextDeadline == nil)
    }

    @Test("those whose time is over leave, the others stay in line")
    func expiry() {
        let budget = Room(maxMessages: 1, maxBytes: 100)
        #expect(budget.take(1))
        let first = budget.wait(for: 1, until: soon)
        let second = budget.wait(for: 1, until: soon + .seconds(5))
        #expect(budget.nextDeadline == soon)
        #expect(budget.expire(at: soon - .seconds(1)).isEmpty)
        #expect(budget.expire(at: soon + .seconds(1)).map { ObjectIdentifier($0) } == [ObjectIdentifier(first)])
        #expect(budget.giveBack(messages: 1, bytes: 1).map { ObjectIdentifier($0) } == [ObjectIdentifier(second)])
    }

    @Test("a long line is served in order and stays small")
    func longLine() {
        let budget = Room(maxMessages: 1, maxBytes: 100)
        #expect(budget.take(1))
        let line = (0..<5_000).map { _ in budget.wait(for: 1, until: soon) }
        var served: [SendBudget.Waiter] = []
        for _ in line { served += budget.giveBack(messages: 1, bytes: 1) }
        #expect(zip(served, line).allSatisfy { $0 === $1 } && served.count == line.count)
    }

    @Test("with nothing else on its way there is nothing to stall for")
    func stalling() throws {
        let budget = Room(maxMessages: 5, maxBytes: 100)
        #expect(budget.take(1))
        #expect(budget.stall(until: soon) == nil)
        #expect(budget.take(1))
        let waiter = try #require(budget.stall(until: soon))
        #expect(budget.giveBack(messages: 1, bytes: 1).first === waiter)
        #expect(budget.remove(waiter).holdsRoom)
    }
}

@Suite("Log lines of librdkafka")
struct LogRateTests {
    @Test("one a second, and the next one tells how many were left out")
    func rate() {
        let start = ContinuousClock.now
        var rate = LogRate()
        #expect(rate.next(at: start) == .pass(suppressed: 0))
        for step in 1...19 { #expect(rate.next(at: start + .milliseconds(50 * step)) == .suppress) }
        #expect(rate.next(at: start + .seconds(1)) == .pass(suppressed: 19))
        #expect(rate.next(at: start + .seconds(5)) == .pass(suppressed: 0))
    }
}

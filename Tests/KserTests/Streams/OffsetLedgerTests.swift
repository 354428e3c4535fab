import Testing

@testable import Kser

@Suite struct OffsetLedgerTests {
    @Test func commitsTheLowestUnfinishedOffsetWhateverOrderWorkFinishesIn() {
        var ledger = OffsetLedger()
        #expect(ledger.committable == nil)
        for offset in [5, 6, 9, 20] as [Int64] { ledger.begin(offset) }
        #expect(ledger.committable == 5)
        ledger.complete(9)
        ledger.complete(6)
        #expect(ledger.committable == 5)
        #expect(ledger.doneAboveGap == 2)
        ledger.complete(5)
        #expect(ledger.committable == 20)
        ledger.complete(20)
        #expect(ledger.committable == 21)
        #expect(ledger.inFlight == 0)
    }

    @Test func ignoresWhatIsNotInWork() {
        var ledger = OffsetLedger()
        let begins = [10, 10, 3].map { ledger.begin($0) }
        #expect(begins == [true, false, false])
        let completions = [11, 10, 10].map { ledger.complete($0) }
        #expect(completions == [false, true, false])
        #expect(ledger.committable == 11)
    }

    @Test func withdrawnOffsetsAreNeverCommitted() {
        var ledger = OffsetLedger()
        for offset in 0..<10 as Range<Int64> { ledger.begin(offset) }
        ledger.complete(0)
        ledger.withdraw(from: 4)
        for offset in 1..<4 as Range<Int64> { ledger.complete(offset) }
        #expect(ledger.committable == 4)
        #expect(ledger.inFlight == 0)
    }

    @Test func abandonedOffsetsHoldTheCommitBackAndAreNotInFlight() {
        var ledger = OffsetLedger()
        for offset in 0..<4 as Range<Int64> { ledger.begin(offset) }
        for offset in [0, 2, 3] as [Int64] { ledger.complete(offset) }
        ledger.abandon(1)
        ledger.abandon(0)
        #expect(ledger.committable == 1)
        #expect(ledger.inFlight == 0)
        ledger.complete(1)
        #expect(ledger.committable == 4)
        #expect(ledger.inFlight == 0)
    }

    @Test func theOldestStartIsThatOfTheLowestUnfinishedOffset() {
        var ledger = OffsetLedger()
        let start = ContinuousClock.now
        #expect(ledger.oldestStart == nil)
        for batch in 0..<3 as Range<Int64> {
            ledger.start(from: batch * 10, at: start + .seconds(batch))
            for offset in batch * 10..<batch * 10 + 10 { ledger.begin(offset) }
        }
        for offset in 0..<15 as Range<Int64> {
            #expect(ledger.oldestStart == start + .seconds(offset / 10))
            ledger.complete(offset)
        }
        ledger.withdraw(from: 20)
        #expect(ledger.oldestStart == start + .seconds(1))
        ledger.start(from: 20, at: start + .seconds(9))
        ledger.begin(20)
        for offset in 15..<20 as Range<Int64> { ledger.complete(offset) }
        #expect(ledger.oldestStart == start + .seconds(9))
        ledger.complete(20)
        #expect(ledger.oldestStart == nil)
        ledger.start(from: 21, at: start)
        for offset in 21..<23 as Range<Int64> { ledger.begin(offset) }
        ledger.complete(21)
        ledger.withdraw(from: 22)
        ledger.start(from: 22, at: start + .seconds(11))
        ledger.begin(22)
        #expect(ledger.oldestStart == start + .seconds(11), "a batch that is begun again has its own time")
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func agreesWithANaiveModel(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var ledger = OffsetLedger()
        var open: [Int64] = []
        var done: Set<Int64> = []
        var next: Int64 = 0
        for step in 0..<2_000 {
            if open.count < 200, Bool.random(using: &random) {
                next += Int64.random(in: 0...3, using: &random)
                ledger.begin(next)
                open.append(next)
                next += 1
            } else if let index = open.indices.randomElement(using: &random) {
                let offset = open.remove(at: index)
                done.insert(offset)
                ledger.complete(offset)
            }
            let lowest = open.first ?? (next == 0 ? nil : next)
            done = done.filter { $0 > open.first ?? .max }
            let agrees =
                ledger.committable == lowest && ledger.inFlight == open.count && ledger.doneAboveGap == done.count
            if !agrees { try #require(Bool(false), "differs at step \(step) of seed \(seed)") }
        }
    }
}

/// A small generator with a seed, so that a failing case can be run again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

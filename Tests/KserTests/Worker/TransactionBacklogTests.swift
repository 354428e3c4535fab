import Testing

@testable import Kser

struct TransactionBacklogTests {
    @Test func aRecordWaitsForAllBeforeIt() {
        var backlog = filled([3, 4, 7, 8], settled: [4, 8])
        #expect(backlog.ready == 0)
        let none = backlog.take(9).isEmpty
        #expect(none)
        #expect(settles(3, in: &backlog))
        let taken1 = offsets(of: backlog.take(1))
        #expect(taken1 == [3])
        let taken2 = offsets(of: backlog.take(9))
        #expect(taken2 == [4])
        #expect(settles(7, in: &backlog))
        let taken3 = offsets(of: backlog.take(9))
        #expect(taken3 == [7, 8])
        #expect(backlog.isEmpty)
    }

    @Test func nothingBehindARecordThatIsGivenUpIsCommitted() {
        var backlog = filled([0, 1, 2, 3, 4], settled: [3])
        let lost = offsets(of: backlog.giveUp(from: 2))
        #expect(lost == [2, 3, 4])
        #expect(!settles(4, in: &backlog))
        let isKept = backlog.begin(record(5))
        #expect(!isKept)
        #expect(settles(0, in: &backlog))
        #expect(settles(1, in: &backlog))
        #expect(!settles(1, in: &backlog))
        let taken4 = offsets(of: backlog.take(9))
        #expect(taken4 == [0, 1])
    }

    /// Against a naive model: what comes out is what began, in order, each once, and never past one that is in work.
    @Test(arguments: 0..<40) func agreesWithANaiveModel(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var backlog = TransactionBacklog()
        var model: [(offset: Int64, isSettled: Bool)] = []
        var next: Int64 = 0
        var lost = Int64.max
        for step in 0..<3_000 {
            var agrees = true
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                next += Int64.random(in: 1...3, using: &random)
                agrees = backlog.begin(record(Int(next))) == (next < lost)
                if next < lost { model.append((next, false)) }
            case 45..<85:
                guard let index = model.indices.randomElement(using: &random) else { break }
                agrees = settles(Int(model[index].offset), in: &backlog) == !model[index].isSettled
                model[index].isSettled = true
            case 85..<99:
                let count = Int.random(in: 0...60, using: &random)
                let taken = backlog.take(count)
                let expected = model.prefix { $0.isSettled }.prefix(count).map(\.offset)
                agrees = taken.map(\.record.offset) == expected
                if Bool.random(using: &random) { backlog.putBack(taken) } else { model.removeFirst(expected.count) }
            default:
                // Rarely: it ends the partition.
                guard seed % 4 == 0, step > 2_500, let first = model.randomElement(using: &random)?.offset else {
                    break
                }
                lost = min(lost, first)
                agrees = backlog.giveUp(from: first).map(\.record.offset) == model.map(\.offset).filter { $0 >= first }
                model.removeAll { $0.offset >= first }
            }
            agrees = agrees && backlog.ready == model.prefix { $0.isSettled }.count && backlog.isEmpty == model.isEmpty
            if !agrees { try #require(Bool(false), "differs at step \(step) of seed \(seed)") }
        }
    }

    private func filled(_ offsets: [Int], settled: [Int]) -> TransactionBacklog {
        var backlog = TransactionBacklog()
        for offset in offsets { _ = backlog.begin(record(offset)) }
        for offset in settled { _ = settles(offset, in: &backlog) }
        return backlog
    }

    private func settles(_ offset: Int, in backlog: inout TransactionBacklog) -> Bool {
        let options = WorkerOptions()
        let dispatch = Dispatch(nil, ExecutionResult(), nil)
        return backlog.settle(Settlement(Ladder(record(offset), options, group: nil), dispatch, options))
    }

    private func offsets(of entries: [TransactionBacklog.Entry]) -> [Int64] { entries.map(\.record.offset) }

    private func record(_ offset: Int) -> Record { Record(topic: "t", offset: Int64(offset), value: nil) }
}

import Kser
import Testing

extension FaultTests {
    /// The ledger beside a model that keeps every offset in a plain list and searches it.
    struct LedgerTests {
        @Test func agreesWithANaiveModel() throws {
            let operations = Size.pick(100_000, full: 1_000_000)
            let dice = Dice()
            print("ledger: seed \(dice.seed)")
            var ledger = OffsetLedger()
            var model = Model()
            var kinds: [String: Int] = [:]
            for step in 0..<operations {
                let kind = Self.operate(step, dice, &ledger, &model)
                kinds[kind, default: 0] += 1
                if model.agrees(with: ledger) { continue }
                try #require(Bool(false), "differs after \(kind), step \(step) of seed \(dice.seed): \(model)")
            }
            let counts = kinds.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            #expect(kinds.count == 6, "every kind of operation came up: \(counts)")
            report("ledger", "seed \(dice.seed)", "\(operations) operations (\(counts)) as in the model")
        }

        private static func operate(
            _ step: Int,
            _ dice: Dice,
            _ ledger: inout OffsetLedger,
            _ model: inout Model
        ) -> String {
            switch dice.roll(0...999) {
            case 0..<420 where model.entries.count < 120:
                // A batch in one: a time for all, and gaps in the offsets.
                let time = ContinuousClock.now
                ledger.start(from: model.next, at: time)
                for _ in 0..<dice.roll(1...3) {
                    let offset = model.next + (dice.roll(0...3) == 0 ? dice.roll(1...5) : 0)
                    ledger.begin(offset)
                    model.begin(offset, time)
                }
                return "batches begun"
            case 0..<980:
                guard let offset = model.entries.filter({ !$0.isDone }).randomElement(using: dice)?.offset else {
                    return "completions"
                }
                ledger.complete(offset)
                model.complete(offset)
                return "completions"
            case 980..<985:
                // Nothing happens to what is not in work.
                let offset = model.next + dice.roll(-400...10)
                if !model.isInWork(offset) { ledger.complete(offset) }
                return "completions of what is not in work"
            case 985..<990:
                if model.next > 0 { ledger.begin(model.next - 1 - dice.roll(0...5)) }
                return "offsets begun again"
            case 990..<995:
                let offset = model.entries.filter { !$0.isDone }.randomElement(using: dice)?.offset
                if let offset {
                    ledger.abandon(offset)
                    model.abandon(offset)
                }
                return "abandoned"
            default:
                if let offset = model.offsetToWithdraw(dice) {
                    ledger.withdraw(from: offset)
                    model.withdraw(from: offset)
                }
                return "withdrawn"
            }
        }
    }
}

private struct Model {
    struct Entry {
        var offset: Int64
        var time: ContinuousClock.Instant
        var isDone = false
        var isAbandoned = false
    }

    /// From the lowest that is not done, in order.
    var entries: [Entry] = []
    /// The lowest offset that may begin.
    var next: Int64 = 0
    private var hasBegun = false

    mutating func begin(_ offset: Int64, _ time: ContinuousClock.Instant) {
        entries.append(Entry(offset: offset, time: time))
        next = offset + 1
        hasBegun = true
    }

    mutating func complete(_ offset: Int64) {
        for index in entries.indices where entries[index].offset == offset { entries[index].isDone = true }
        entries = Array(entries.drop { $0.isDone })
    }

    mutating func abandon(_ offset: Int64) {
        for index in entries.indices where entries[index].offset == offset { entries[index].isAbandoned = true }
    }

    func isInWork(_ offset: Int64) -> Bool { entries.contains { $0.offset == offset && !$0.isDone } }

    /// What was handed out is in work; only what comes after all of that can be taken back.
    func offsetToWithdraw(_ dice: Dice) -> Int64? {
        let last = entries.lastIndex { $0.isDone || $0.isAbandoned } ?? -1
        return Array(entries[(last + 1)...]).randomElement(using: dice)?.offset
    }

    mutating func withdraw(from offset: Int64) {
        entries.removeAll { $0.offset >= offset }
        next = offset
    }

    func agrees(with ledger: OffsetLedger) -> Bool {
        let open = entries.filter { !$0.isDone }
        return ledger.committable == (entries.first?.offset ?? (hasBegun ? next : nil))
            && ledger.inFlight == open.count { !$0.isAbandoned }
            && ledger.doneAboveGap == entries.count - open.count
            && ledger.incomplete == entries.count
            && ledger.oldestStart == open.first?.time
    }
}

extension Array {
    fileprivate func randomElement(using dice: Dice) -> Element? {
        var source = dice
        return randomElement(using: &source)
    }
}

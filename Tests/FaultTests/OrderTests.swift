import Kser
import KserKafka
import Synchronization
import TestSupport
import Testing

extension FaultTests {
    /// Order within a lane, and how many lanes run at once.
    struct OrderTests {
        @Test(arguments: [Concurrency.partition, .key(limit: 64)])
        func lanesKeepTheirOrder(_ concurrency: Concurrency) async throws {
            let total = Size.pick(10_000, full: 100_000)
            let dice = Dice()
            print("order, \(concurrency.shown): seed \(dice.seed)")
            let lanes = Watched(Lanes())
            let controller = Controller(logger: .none)
            try await controller.register("fault.Step") { (_: JSONObject, execution) in
                guard let record = execution.record else { return }
                let lane = concurrency == .partition ? "\(record.partition)" : "\(record.key ?? [])"
                lanes.update { $0.begin(lane, record) }
                switch dice.roll(0...31) {
                case 0: try await Task.sleep(for: .milliseconds(dice.roll(1...5)))
                case 1...16: for _ in 0..<dice.roll(1...5) { await Task.yield() }
                default: break
                }
                lanes.update { $0.end(lane) }
            }
            let clock = ContinuousClock()
            let stage = try await Stage(partitions: 4)
            try await stage.send(0..<total, keys: 500)
            let start = clock.now
            let member = try Member(
                ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group),
                topic: stage.topic,
                controller: controller,
                concurrency: concurrency
            )
            try await withDeadline(.seconds(Size.pick(60, full: 300)), "\(total) tasks in order") {
                try await lanes.wait { $0.count >= total ? () : nil }
            }
            let time = clock.now - start
            try await member.leave()
            #expect(lanes.value.count == total)
            #expect(lanes.value.outOfOrder == 0)
            #expect(lanes.value.overlaps == 0)
            report("order, \(concurrency.shown)", "seed \(dice.seed)", "\(total) tasks in order", time.shown)
        }

        private struct Lanes: Sendable {
            var count = 0
            var outOfOrder = 0
            var overlaps = 0
            private var last: [String: Int64] = [:]
            private var running: Set<String> = []

            mutating func begin(_ lane: String, _ record: Record) {
                if let last = last[lane], last >= record.offset { outOfOrder += 1 }
                last[lane] = record.offset
                if !running.insert(lane).inserted { overlaps += 1 }
            }

            mutating func end(_ lane: String) {
                running.remove(lane)
                count += 1
            }
        }

        /// 4 partitions, 1,000 keys. Handlers end when the test says so, one to all of them at a time; after that the limit is
        /// full again before another one ends.
        @Test(arguments: [(Concurrency.key(limit: 64), 64), (.partition, 4)])
        func handlersFillTheirLimit(_ concurrency: Concurrency, _ limit: Int) async throws {
            let dice = Dice()
            let total = Size.pick(8_000, full: 40_000)
            print("in flight, \(concurrency.shown): seed \(dice.seed)")
            let flight = Watched(Flight())
            let controller = Controller(logger: .none)
            try await controller.register("fault.Step") { (_: JSONObject, _) in
                let end = Promise<Void>()
                flight.update { $0.begin(end) }
                try await end.value()
            }
            let stage = try await Stage(partitions: 4)
            try await stage.send(0..<total, keys: 1_000)
            let member = try Member(
                ConsumerConfiguration(bootstrapServers: stage.servers, groupID: stage.group),
                topic: stage.topic,
                controller: controller,
                concurrency: concurrency
            )
            var (ended, rounds) = (0, 0)
            // Until little is left: a few keys, or partitions, cannot fill the limit.
            while ended < total / 2 {
                try await withDeadline(.seconds(60), "\(limit) handlers in flight, after \(ended) have ended") {
                    try await flight.wait { $0.running.count >= limit ? () : nil }
                }
                let count = dice.roll(1...limit)
                let ending = flight.update { $0.end(count, dice) }
                for end in ending { end.keep() }
                (ended, rounds) = (ended + count, rounds + 1)
            }
            flight.update { $0.endAll() }
            try await stage.allCommitted(within: .seconds(60))
            try await member.leave()
            #expect(flight.value.most == limit)
            report("in flight, \(concurrency.shown)", "seed \(dice.seed)", "\(limit) in flight \(rounds) times")
        }

        private struct Flight: Sendable {
            private(set) var running: [Promise<Void>] = []
            private(set) var most = 0
            private var isOver = false

            mutating func begin(_ end: Promise<Void>) {
                if isOver { end.keep() } else { running.append(end) }
                most = max(most, running.count)
            }

            /// Takes out some that run.
            mutating func end(_ count: Int, _ dice: Dice) -> [Promise<Void>] {
                (0..<count).map { _ in running.remove(at: dice.roll(0...(running.count - 1))) }
            }

            mutating func endAll() {
                isOver = true
                for end in running { end.keep() }
            }
        }
    }
}

extension Concurrency {
    var shown: String { self == .partition ? ".partition" : ".key(limit: 64)" }
}

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

        /// 10 ms a handler, 4 partitions, 1,000 keys. A machine that does something else for a while makes a round
        /// worse, so the best of at most 5 rounds counts.
        @Test func keysFillTheirLimit() async throws {
            let stage = try await Stage(partitions: 4)
            let total = Size.pick(8_000, full: 40_000)
            try await stage.send(0..<total, keys: 1_000)
            var rounds: [Double] = []
            repeat {
                rounds.append(try await averageInFlight(.key(limit: 64), handling: total, stage, "key-\(rounds.count)"))
            } while rounds.count < 5 && rounds[rounds.count - 1] < 60
            let inOrder = try await averageInFlight(.partition, handling: total / 16, stage, "partition")
            #expect(rounds.max() ?? 0 >= 60)
            #expect(rounds.max() ?? 65 <= 64)
            #expect(inOrder > 3 && inOrder <= 4)
            let shown = rounds.map(\.shown).joined(separator: " / ")
            report("in flight", ".key(limit: 64) \(shown)", ".partition \(inOrder.shown)")
        }

        /// The mean number of handlers in flight from the moment every partition runs until little is left.
        private func averageInFlight(
            _ concurrency: Concurrency,
            handling count: Int,
            _ stage: Stage,
            _ group: String
        ) async throws -> Double {
            let flight = Watched(Flight(count))
            let controller = Controller(logger: .none)
            try await controller.register("fault.Step") { (_: JSONObject, execution) in
                let partition = execution.record?.partition ?? -1
                flight.update { $0.begin(partition) }
                try? await Task.sleep(for: .milliseconds(10))
                flight.update { $0.end() }
            }
            let member = try Member(
                ConsumerConfiguration(bootstrapServers: stage.servers, groupID: group),
                topic: stage.topic,
                controller: controller,
                concurrency: concurrency
            )
            let average = try await withDeadline(.seconds(Size.pick(60, full: 180)), "a mean of handlers in flight") {
                try await flight.wait { $0.average }
            }
            try await member.leave()
            return average
        }

        private struct Flight: Sendable {
            private(set) var average: Double?
            private let last: Int
            private var running = 0
            private var done = 0
            private var partitions: Set<Int32> = []
            private var area = 0.0
            private var start: ContinuousClock.Instant?
            private var before = ContinuousClock.now

            init(_ count: Int) { last = count * 8 / 10 }

            mutating func begin(_ partition: Int32) {
                partitions.insert(partition)
                if start == nil, partitions.count == 4 {
                    before = .now
                    start = before
                }
                change(by: 1)
            }

            mutating func end() {
                done += 1
                change(by: -1)
            }

            private mutating func change(by step: Int) {
                defer { running += step }
                guard let start, average == nil else { return }
                let now = ContinuousClock.now
                area += Double(running) * ((now - before) / .seconds(1))
                before = now
                if done >= last { average = area / ((now - start) / .seconds(1)) }
            }
        }
    }
}

extension Concurrency {
    var shown: String { self == .partition ? ".partition" : ".key(limit: 64)" }
}

import Kser
import KserKafka
import TestSupport
import Testing

extension FaultTests {
    /// Brokers that fail, under a worker that is never restarted.
    struct BrokerFaultTests {
        /// One worker goes through every fault; tasks are sent and handled, and results sent, throughout.
        @Test func aWorkerOutlivesEveryFaultOfTheEmbeddedBroker() async throws {
            let broker = try EmbeddedBroker(topics: ["jobs": 4, "results": 2], brokers: 3)
            let bench = try await Bench(broker.bootstrapServers, batch: Size.pick(150, full: 1_500))
            try await bench.handleABatch("before any fault")

            for fault in Self.faults(on: broker) {
                let start = ContinuousClock.now
                let assignments = bench.assignments
                try await fault.begin()
                try await bench.sendABatch()
                if fault.regroups { try await bench.assigned(assignments + 1, fault.name) }
                if fault.lasts { try await bench.handleABatch("\(fault.name), while it lasts") }
                try await fault.end()
                try await bench.handleABatch(fault.name)
                report("embedded broker: \(fault.name)", "recovered in \((ContinuousClock.now - start).shown)")
            }
            try await bench.finish("embedded broker")
        }

        private struct Fault: Sendable {
            var name: String
            /// Whether the worker loses its partitions and joins the group anew.
            var regroups = false
            /// Whether a batch is handled before the end.
            var lasts = false
            var begin: @Sendable () async throws -> Void
            var end: @Sendable () async throws -> Void = {}
        }

        private static func faults(on broker: EmbeddedBroker) -> [Fault] {
            func errors(
                _ name: String,
                _ request: EmbeddedBroker.Request,
                _ errors: [EmbeddedBroker.BrokerFault]
            ) -> Fault {
                Fault(name: "\(name) fails \(errors.count) times") { try await broker.fail(request, with: errors) }
            }
            @Sendable func slow(_ time: Duration) async throws {
                for id in 1...3 as ClosedRange<Int32> { try await broker.setRoundTripTime(time, ofBroker: id) }
            }
            let outages = (1...3 as ClosedRange<Int32>).map { number in
                Fault(
                    name: "broker \(number) down and up",
                    begin: { try await broker.setBroker(number, isUp: false) },
                    end: { try await broker.setBroker(number, isUp: true) }
                )
            }
            return outages + [
                Fault(name: "all leaders change") {
                    for partition in 0..<4 as Range<Int32> {
                        try await broker.setLeader(ofTopic: "jobs", partition: partition, broker: partition % 3 + 1)
                    }
                },
                Fault(
                    name: "the coordinator changes twice",
                    begin: { try await broker.setCoordinator(ofGroup: "workers", broker: 2) },
                    end: { try await broker.setCoordinator(ofGroup: "workers", broker: 3) }
                ),
                errors("fetch", .fetch, [.notLeader, .disconnect, .leaderNotAvailable, .requestTimedOut]),
                errors("commit", .offsetCommit, [.coordinatorLoading, .notCoordinator, .requestTimedOut, .disconnect]),
                errors("produce", .produce, [.notLeader, .requestTimedOut, .notEnoughReplicas, .disconnect]),
                Fault(name: "the group moves on", regroups: true) {
                    try await broker.fail(
                        .heartbeat,
                        with: [.coordinatorNotAvailable, .disconnect, .illegalGeneration]
                    )
                },
                Fault(name: "the group forgets the member, join and sync fail", regroups: true) {
                    try await broker.fail(.joinGroup, with: [.coordinatorNotAvailable, .disconnect])
                    try await broker.fail(.syncGroup, with: [.rebalanceInProgress])
                    try await broker.fail(.heartbeat, with: [.unknownMember])
                },
                Fault(
                    name: "500 ms round trips",
                    lasts: true,
                    begin: { try await slow(.milliseconds(500)) },
                    end: { try await slow(.zero) }
                ),
            ]
        }

        @Test func aWorkerWaitsForItsBrokerProcess() async throws {
            let stage = try await Stage(partitions: 4)
            // noida-db forgets the sequence numbers of idempotent producers when it ends, which ends such a producer.
            let bench = try await Bench(stage.servers, batch: Size.pick(300, full: 3_000), isIdempotent: false)
            try await bench.handleABatch("before the broker ends")
            let pause = Size.pick(Duration.seconds(3), full: .seconds(10))
            try await bench.sendABatch()
            try await stage.broker.stop()
            let waiting = try await bench.enqueueABatch()
            // How long the broker is away is what is tested.
            try await Task.sleep(for: pause)
            try await stage.broker.restart()
            let start = ContinuousClock.now
            for delivery in waiting { _ = try await delivery.metadata() }
            try await bench.handleABatch("after the broker came back")
            report("noida-db ended for \(pause.shown)", "recovered in \((ContinuousClock.now - start).shown)")
            try await bench.finish("noida-db ended")
        }
    }
}

/// A worker that sends results, a producer that sends tasks, and what became of them.
private final class Bench: Sendable {
    private let batch: Int
    private let sent = Watched(0)
    /// What was sent and not waited for yet.
    private let underWay = Watched<[Delivery]>([])
    private let journal = Journal()
    private let log = Lines()
    private let producer: Producer
    private let replier: Producer
    private let member: Member
    private let servers: String
    private let admin: Admin

    init(_ servers: String, batch: Int, isIdempotent: Bool = true) async throws {
        self.servers = servers
        self.batch = batch
        admin = try Admin(bootstrapServers: servers)
        var sending = ProducerConfiguration(bootstrapServers: servers)
        sending.isIdempotent = isIdempotent
        // librdkafka's mock cluster looks at no sequence numbers: it takes a request behind a refused one, which a broker does
        // not, and the producer then takes the refused one for delivered.
        sending.additional["max.in.flight.requests.per.connection"] = "1"
        producer = try Producer(sending)
        replier = try Producer(sending)
        var configuration = ConsumerConfiguration(bootstrapServers: servers, groupID: "workers")
        configuration.commitInterval = .milliseconds(100)
        member = try Member(
            configuration,
            topic: "jobs",
            controller: try await journal.controller { .milliseconds(1) },
            options: WorkerOptions(replies: Replies(to: "results", with: replier)),
            logger: log.logger
        )
    }

    /// How often partitions were assigned.
    var assignments: Int { Self.assignments(log.lines.value) }

    private static func assignments(_ lines: [String]) -> Int { lines.count { $0.hasPrefix("Assigned: jobs") } }

    /// Waits until partitions were assigned this often.
    func assigned(_ count: Int, _ what: String) async throws {
        let lines = log.lines
        try await withDeadline(.seconds(60), "assignment \(count): \(what)") {
            try await lines.wait { Self.assignments($0) >= count ? () : nil }
        }
    }

    func enqueueABatch() async throws -> [Delivery] {
        let first = sent.update { sent in
            defer { sent += batch }
            return sent
        }
        var deliveries: [Delivery] = []
        for number in first..<(first + batch) {
            deliveries.append(try await producer.enqueue(try .task(number, keys: 100, to: "jobs")))
        }
        return deliveries
    }

    func sendABatch() async throws {
        let batch = try await enqueueABatch()
        underWay.update { $0 += batch }
    }

    /// Sends a batch, and waits until all that was sent so far is delivered, handled and committed.
    func handleABatch(_ what: String) async throws {
        try await sendABatch()
        let deliveries = underWay.update { underWay in
            defer { underWay = [] }
            return underWay
        }
        try await withDeadline(.seconds(60), "delivery of tasks: \(what)") {
            for delivery in deliveries { _ = try await delivery.metadata() }
        }
        do {
            try await journal.handled(sent.value, within: .seconds(60), what)
            try await FaultTests.allCommitted(admin, group: "workers", topic: "jobs", within: .seconds(60))
        } catch {
            let lines = log.lines.value.suffix(40).joined(separator: "\n")
            let count = journal.pages.value.times.count
            throw FaultTests.Stuck(cause: error, found: "\(count) handled; the log:\n\(lines)")
        }
    }

    /// Checks that every task is handled and committed and has its result, and that the worker left in peace.
    func finish(_ name: String) async throws {
        try await FaultTests.allCommitted(admin, group: "workers", topic: "jobs", within: .seconds(60))
        try await member.leave()
        await replier.close()
        await producer.close()
        let total = sent.value
        let reader = try Consumer(
            ConsumerConfiguration(bootstrapServers: servers, groupID: "reader"),
            topics: ["results"]
        )
        try await withDeadline(.seconds(60), "\(total) results") {
            var missing = Set((0..<total).map { "t\($0)" })
            for try await record in reader {
                missing.remove(String(decoding: record.key ?? [], as: UTF8.self))
                if missing.isEmpty { break }
            }
        }
        await reader.close()
        let pages = journal.pages.value
        #expect(pages.times.count == total)
        report(
            "\(name), in all",
            "\(total) tasks",
            "\(total - pages.times.count) lost",
            "\(pages.twice) handled again",
            "every result sent"
        )
    }
}

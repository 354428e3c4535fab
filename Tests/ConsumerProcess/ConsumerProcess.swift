import Foundation
import Kser
import KserKafka
import Synchronization

/// A process with a broker of its own whose consumers come and go, for what a test cannot see in its own process: how many
/// files are open, and whether the process is aborted.
///
/// The argument is `leave`, or `join`, or `join-in-vain`.
@main
struct ConsumerProcess {
    static func main() async throws {
        switch CommandLine.arguments.last {
        case "leave": try await leaveLoops()
        case "join": try await closeWhileJoining(isAnswered: true)
        case "join-in-vain": try await closeWhileJoining(isAnswered: false)
        default: exit(64)
        }
    }

    /// Leaves the loops of 20 consumers, and prints how many files more files are open in the end.
    private static func leaveLoops() async throws {
        let broker = try EmbeddedBroker(topics: ["t": 1])
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        try await producer.send(contentsOf: (0..<1_000).map { ProducerRecord(topic: "t", value: Array("\($0)".utf8)) })
        let before = openFiles
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<20 { group.addTask { try await leaveLoop(on: broker, group: "\(number)") } }
        }
        try await printLeftOpen(since: before)
        await producer.close()
    }

    private static func leaveLoop(on broker: EmbeddedBroker, group: String) async throws {
        let configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: group)
        for try await _ in try Consumer(configuration, topics: ["t"]) { break }
    }

    /// Prints how many more files are open than before; clients go on threads of their own.
    private static func printLeftOpen(since before: Int) async throws {
        for _ in 0..<100 where openFiles > before { try await Task.sleep(for: .milliseconds(100)) }
        print("left open: \(max(0, openFiles - before))")
    }

    /// How many sockets and pipes are open; the system's own timers are none of ours.
    private static var openFiles: Int {
        (Int32(0)..<4_096).count { number in
            var status = stat()
            guard fstat(number, &status) == 0 else { return false }
            return [S_IFSOCK, S_IFIFO].contains(status.st_mode & S_IFMT)
        }
    }

    /// Closes a member of a cooperative group after it has joined and before it knows its partitions.
    private static func closeWhileJoining(isAnswered: Bool) async throws {
        let broker = try EmbeddedBroker(topics: ["t": 2])
        if isAnswered {
            try await broker.setRoundTripTime(.milliseconds(300))
        } else {
            try await broker.fail(.syncGroup, with: Array(repeating: .rebalanceInProgress, count: 1_000))
        }
        let before = openFiles
        let log = JoinLog()
        try await closeOne(on: broker, log)
        try await printLeftOpen(since: before)
        for line in log.warnings { print(line) }
    }

    private static func closeOne(on broker: EmbeddedBroker, _ log: JoinLog) async throws {
        var configuration = ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "g")
        configuration.assignmentStrategy = [.cooperativeSticky]
        configuration.additional["debug"] = "cgrp"
        configuration.drainTimeout = .seconds(3)
        let consumer = try Consumer(configuration, topics: ["t"], logger: KserLogger(level: .debug, sink: log))
        let loop = Task { for try await _ in consumer {} }
        for await _ in log.joined { break }
        await consumer.close()
        try await loop.value
    }
}

/// Tells when librdkafka's debug lines say that the group took the member in, and keeps the warnings.
private final class JoinLog: LogSink {
    let joined: AsyncStream<Void>
    private let hasJoined: AsyncStream<Void>.Continuation
    private let lines = Mutex<[String]>([])

    init() { (joined, hasJoined) = AsyncStream.makeStream(of: Void.self) }

    var warnings: [String] { lines.withLock { $0 } }

    func log(_ record: LogRecord) {
        let text = record.message
        if text.contains("JoinGroup response: GenerationId"), text.contains("(no error)") { hasJoined.yield() }
        if record.level >= .warning { lines.withLock { $0.append(text) } }
    }
}

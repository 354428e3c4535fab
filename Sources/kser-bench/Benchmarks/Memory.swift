import Foundation
import Kser
import KserKafka
import TestSupport

/// The memory of a process that consumes a backlog of 200,000 messages with a handler that takes a millisecond.
///
/// The embedded broker respects the fetch sizes that bound it, as Kafka does; noida-db sends whole partitions whatever the
/// consumer asks for.
@concurrent
func memory(on stage: Stage) async throws -> [Row] {
    let embedded = try EmbeddedBroker(topics: ["memory": 16])
    let producer = try Producer(ProducerConfiguration(bootstrapServers: embedded.bootstrapServers))
    let value = try Sample.bytes()
    let count = 200_000
    try await producer.send(
        contentsOf: (0..<count).lazy.map { ProducerRecord(topic: "memory", partition: Int32($0 % 16), value: value) }
    )
    await producer.close()
    var rows = [Row.limit("memory", try await peak(embedded.bootstrapServers, "memory", count), below: 150, unit)]
    let backlog = try await stage.backlog()
    if case .noida = backlog.broker {
        let peak = try await peak(backlog.broker.bootstrapServers, backlog.topics[0], backlog.count)
        rows.append(.limit("memory-noida", peak, below: 150, unit))
    }
    return rows
}

/// The memory of a process that consumes 1,000 partitions, each with a backlog, with a handler that takes a millisecond.
@concurrent
func memoryPartitions(on stage: Stage) async throws -> [Row] {
    let backlog = try await Backlog(
        on: .embedded(try EmbeddedBroker()),
        topics: ["memory-partitions"],
        partitions: 1_000,
        count: 1_000_000
    )
    let peak = try await peak(backlog.broker.bootstrapServers, backlog.topics[0], backlog.count / 2)
    return [.limit("memory-partitions", peak, below: 300, unit)]
}

private let unit = "MB resident"

/// The most memory that a process of its own has had when it has consumed a topic.
private func peak(_ servers: String, _ topic: String, _ count: Int) async throws -> Double {
    let program = URL(filePath: CommandLine.arguments[0]).path()
    let child = try ChildProcess(program, [Drain.option, servers, topic, "\(count)"])
    return try await child.figure { line in
        line.hasPrefix(Drain.answer) ? Double(line.dropFirst(Drain.answer.count)) : nil
    }
}

/// `kser-bench --drain <servers> <topic> <count>`: consumes, then prints the most memory that this process has had.
struct Drain {
    static let option = "--drain"
    static let answer = "peak MB: "

    private let servers: String
    private let topic: String
    private let count: Int

    init(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count == 3, let count = Int(words[2]) else { throw Misuse("\(Self.option) servers topic count") }
        (servers, topic, self.count) = (words[0], words[1], count)
    }

    @concurrent
    func run() async throws {
        let (handled, handler) = AsyncStream.makeStream(of: Void.self)
        let controller = Controller()
        try await controller.register(Sample.entrypoint) { (_: Sample.Point, _) in
            try await Task.sleep(for: .milliseconds(1))
            handler.yield()
        }
        let worker = Worker(
            consumer: try Consumer(
                ConsumerConfiguration(bootstrapServers: servers, groupID: "memory"),
                topics: [topic]
            ),
            controller: controller,
            concurrency: .unordered(limit: 64)
        )
        async let running: Void = worker.run()
        var left = count
        for await _ in handled {
            left -= 1
            if left == 0 { break }
        }
        await worker.shutdown()
        try await running
        print("\(Self.answer)\(Self.peakMegabytes)")
    }

    static var peakMegabytes: Double {
        #if os(Linux)
        // getrusage would tell the peak of whoever started us, if that is more.
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Double(line.filter(\.isNumber)) ?? .infinity) * 1024 / 1e6
        #else
        var usage = rusage()
        getrusage(RUSAGE_SELF, &usage)
        return Double(usage.ru_maxrss) / 1e6
        #endif
    }
}

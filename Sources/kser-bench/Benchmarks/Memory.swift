import Foundation
import Kser
import KserKafka
import Synchronization
import TestSupport

/// The memory of a process that consumes a backlog of 200,000 messages with a handler that takes a millisecond.
///
/// The embedded broker respects the fetch sizes that bound it, as Kafka does; noida-db sends whole partitions whatever the
/// consumer asks for.
@concurrent
func memory(on stage: Stage) async throws -> [Row] {
    let embedded = try await Backlog(
        on: .embedded(try EmbeddedBroker()),
        topics: ["memory"],
        partitions: 16,
        count: 200_000
    )
    var rows = [Row.limit("memory", try await drain(embedded, count: embedded.count).megabytes, below: 150, unit)]
    let backlog = try await stage.backlog()
    if case .noida = backlog.broker {
        let megabytes = try await drain(backlog, count: backlog.count).megabytes
        rows.append(.limit("memory-noida", megabytes, below: 150, unit))
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
    let megabytes = try await drain(backlog, count: backlog.count / 2).megabytes
    return [.limit("memory-partitions", megabytes, below: 300, unit)]
}

/// How many handlers that take 10 milliseconds are in work at once where 10,000 may be, and the memory of that process.
@concurrent
func inFlight(on stage: Stage) async throws -> [Row] {
    var rows: [Row] = []
    for partitions in [1, 4] {
        let backlog = try await Backlog(
            on: .embedded(try EmbeddedBroker()),
            topics: ["in-flight"],
            partitions: partitions,
            count: 15_000 * partitions
        )
        let drained = try await drain(backlog, count: backlog.count, limit: 10_000, milliseconds: 10)
        rows.append(
            Row(
                name: "in-flight-\(partitions)",
                ours: Double(drained.inFlight),
                baseline: 10_000,
                unit: "handlers",
                target: 0.9
            )
        )
        rows.append(.limit("memory-in-flight-\(partitions)", drained.megabytes, below: 150, unit))
    }
    return rows
}

private let unit = "MB resident"

/// Has a process of its own consume topics, each message with a handler that takes some time.
private func drain(_ backlog: Backlog, count: Int, limit: Int = 64, milliseconds: Int = 1) async throws -> Drain.Outcome
{
    let program = URL(filePath: CommandLine.arguments[0]).path()
    let arguments = [
        backlog.broker.bootstrapServers, backlog.topics.joined(separator: ","), "\(count)", "\(limit)",
        "\(milliseconds)",
    ]
    let child = try ChildProcess(program, [Drain.option] + arguments)
    return try await child.figure { try? JSONDecoder().decode(Drain.Outcome.self, from: Data($0.utf8)) }
}

/// `kser-bench --drain <servers> <topics> <count> <limit> <milliseconds>`: consumes that many messages with so many handlers
/// at once that take so long, then prints the most memory that this process has had, and the most handlers.
struct Drain {
    static let option = "--drain"

    struct Outcome: Codable {
        var megabytes: Double
        var inFlight: Int
    }

    private let servers: String
    private let topics: [String]
    private let numbers: [Int]

    init(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        numbers = words.dropFirst(2).compactMap { Int($0) }
        guard words.count == 5, numbers.count == 3 else {
            throw Misuse("\(Self.option) servers topics count limit milliseconds")
        }
        (servers, topics) = (words[0], words[1].split(separator: ",").map(String.init))
    }

    @concurrent
    func run() async throws {
        let (count, limit, time) = (numbers[0], numbers[1], Duration.milliseconds(numbers[2]))
        let (handled, handler) = AsyncStream.makeStream(of: Void.self)
        let inWork = Mutex((now: 0, most: 0))
        let controller = Controller()
        try await controller.register(Sample.entrypoint) { (_: Sample.Point, _) in
            inWork.withLock { inWork in
                inWork.now += 1
                inWork.most = max(inWork.most, inWork.now)
            }
            try await Task.sleep(for: time)
            inWork.withLock { $0.now -= 1 }
            handler.yield()
        }
        let worker = Worker(
            consumer: try Consumer(ConsumerConfiguration(bootstrapServers: servers, groupID: "drain"), topics: topics),
            controller: controller,
            concurrency: .unordered(limit: limit)
        )
        async let running: Void = worker.run()
        var left = count
        for await _ in handled {
            left -= 1
            if left == 0 { break }
        }
        await worker.shutdown()
        try await running
        let outcome = Outcome(megabytes: Self.peakMegabytes, inFlight: inWork.withLock { $0.most })
        print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
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

import Foundation
import Kser
import KserKafka

/// The memory of a process that consumes a backlog with a handler that takes a millisecond.
@concurrent
func memory(on stage: Stage) async throws -> [Row] {
    let backlog = try await stage.backlog()
    guard case .noida = backlog.broker else {
        print("memory needs noida-db, which keeps a backlog: make deps")
        return []
    }
    // In a process of its own, for nothing else to be in the figure.
    let child = try Child(
        URL(filePath: CommandLine.arguments[0]).path(),
        [Drain.option, backlog.broker.bootstrapServers, backlog.topic, "\(backlog.count)"]
    )
    let peak = try await child.wait { line in
        line.hasPrefix(Drain.answer) ? Double(line.dropFirst(Drain.answer.count)) : nil
    }
    return [.limit("memory", peak, below: 150, "MB resident")]
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

    private static var peakMegabytes: Double {
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

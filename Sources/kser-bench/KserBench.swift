import Foundation

/// `kser-bench [report.json] [name …]` measures what is named, or everything, and writes the report when a file is given.
@main
enum KserBench {
    static let benchmarks = [
        Benchmark("decode", decode),
        Benchmark("encode", encode),
        Benchmark("dispatch", dispatch),
        Benchmark("dispatch-traced", tracedDispatch),
        Benchmark("seal", seal),
        Benchmark("open", open),
        Benchmark("ledger", ledger),
        Benchmark("produce", produce),
        Benchmark("send-lines", sendLines),
        Benchmark("consume", consume),
        Benchmark("end-to-end", endToEnd),
        Benchmark("skewed", skewed),
        Benchmark("drain", drain),
        Benchmark("python-kser", pythonKser),
        Benchmark("latency", latency),
        Benchmark("operations", operations),
        Benchmark("idle-cpu", idleCPU),
        Benchmark("memory", memory),
        Benchmark("memory-partitions", memoryPartitions),
        Benchmark("in-flight", inFlight),
        Benchmark("metrics", metrics),
        Benchmark("scraped", scraped),
        Benchmark("tracing", tracing),
        Benchmark("dead-agent", deadAgent),
    ]

    static func main() async {
        do {
            try await run()
        } catch {
            FileHandle.standardError.write(Data("kser-bench: \(error)\n".utf8))
            exit(error is Misuse ? 64 : 1)
        }
    }

    private static func run() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        if arguments.first == Drain.option { return try await Drain(arguments.dropFirst()).run() }

        if arguments.first == DeadAgent.option { return try await DeadAgent.run() }

        let report = arguments.first.flatMap { $0.hasSuffix(".json") ? $0 : nil }
        if report != nil { arguments.removeFirst() }
        if let unknown = arguments.first(where: { name in !benchmarks.contains { $0.name == name } }) {
            throw Misuse("no benchmark \(unknown); there are \(benchmarks.map(\.name).joined(separator: ", "))")
        }

        let stage = Stage()
        var rows: [Row] = []
        show(Table.head)
        for benchmark in benchmarks where arguments.isEmpty || arguments.contains(benchmark.name) {
            for row in try await benchmark.measure(on: stage) {
                show(Table.line(row))
                rows.append(row)
            }
        }
        if let report { try Report(rows).write(to: report) }
    }

    /// Prints a line at once, into a pipe too.
    private static func show(_ line: String) {
        print(line)
        fflush(nil)
    }
}

/// What was asked for cannot be done.
struct Misuse: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

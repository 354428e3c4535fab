import Kser
import KserMetrics
import TestSupport

/// What metrics cost: one step of a counter, a page of 10,000 series, and a message when they are off and on.
@concurrent
func metrics(on stage: Stage) async throws -> [Row] {
    let registry = MetricsRegistry(seriesLimit: 10_000)
    let family = try registry.counter("bench_messages", help: "Messages", labels: ["topic", "partition"])
    for number in 0..<10_000 { try family.labels("topic-\(number % 100)", "\(number / 100)").increment(by: number) }
    let child = try family.labels("topic-1", "1")
    let counter = try await nanoseconds(10_000_000) { child.increment() }
    let scrape = try await nanoseconds(10) {
        precondition(registry.exposition().count > 300_000)
    }
    let rows: [Row] = [
        .limit("counter", counter, below: 30, "ns an increment"),
        .limit("scrape", scrape / 1e6, below: 20, "ms for 10,000 series"),
        .limit("metrics-off", try await costWhenOff(), below: 2, "ns a message"),
    ]
    return try await rows + [costWhenOn()]
}

/// What a message asks when nobody observes: at its record, its begin, its run, its outcome and its end.
private func costWhenOff() async throws -> Double {
    let controllers = (0..<8).map { _ in Controller() }
    let stranger = Controller()
    var found = 0
    let asked = try await nanoseconds(5_000_000) { index in
        for step in 0..<5 where controllers[(index &+ step) & 7].monitor != nil { found += 1 }
    }
    let idle = try await nanoseconds(5_000_000) { index in
        for step in 0..<5 where controllers[(index &+ step) & 7] === stranger { found += 1 }
    }
    precondition(found == 0)
    return max(0, asked - idle)
}

/// A record to a handler that does nothing, with and without metrics.
private func costWhenOn() async throws -> Row {
    let record = Record(topic: "jobs", value: try Sample.bytes())
    let (plain, counted) = (try await idleController(), try await idleController(monitor: try WorkerMetrics()))
    func rate(_ controller: Controller) async -> Double {
        await CPUTime.rate(30_000) {
            let result = await controller.run(record)
            precondition(result.retcode == 0)
        }
    }
    let figures = try await Rounds(count: 25).compare({ await rate(counted) }, with: { await rate(plain) })
    return Row(
        name: "metrics-on",
        ours: figures.ours,
        baseline: figures.baseline,
        unit: "messages/s of a core",
        target: 0.5
    )
}

/// The processor time of one call, as the median of 11 rounds.
private func nanoseconds(_ count: Int, _ body: (Int) throws -> Void) async throws -> Double {
    var rounds: [Double] = []
    for _ in 0..<11 {
        let start = CPUTime.now
        for index in 0..<count { try body(index) }
        rounds.append((CPUTime.now - start) / Double(count) * 1e9)
    }
    return rounds.median
}

private func nanoseconds(_ count: Int, _ body: () throws -> Void) async throws -> Double {
    try await nanoseconds(count) { _ in try body() }
}

/// A worker's throughput while 32 connections read its metrics without end, beside that while nobody does.
@concurrent
func scraped(on stage: Stage) async throws -> [Row] {
    let wrk = try Components.program("wrk")
    let backlog = try await stage.backlog()
    let metrics = try WorkerMetrics()
    let (requests, noteRequest) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    try metrics.registry.gauge("bench_time", help: "Shows that somebody reads") {
        noteRequest.yield()
        return 0
    }
    let server = try MetricsServer(metrics, address: "127.0.0.1", port: 0)
    let url = "http://127.0.0.1:\(server.port)/metrics"
    let figures = try await Rounds(count: 7).compare(
        {
            let load = try ChildProcess(wrk, ["-t", "1", "-c", "32", "-d", "600", url])
            var iterator = requests.makeAsyncIterator()
            await iterator.next()
            let rate = try await work(through: backlog, .partition, monitor: metrics)
            load.kill()
            _ = try await load.end(within: .seconds(60))
            return rate
        },
        with: { try await work(through: backlog, .partition, monitor: metrics) }
    )
    await server.stop()
    return [Row(name: "scraped", ours: figures.ours, baseline: figures.baseline, unit: "messages/s", target: 0.8)]
}

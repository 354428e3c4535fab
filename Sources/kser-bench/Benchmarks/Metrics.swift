import Kser
import KserMetrics

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
    let controllers = [Controller(), Controller()]
    var observed = 0
    let asked = try await nanoseconds(10_000_000) { index in
        let controller = controllers[index & 1]
        for _ in 0..<5 where controller.observer != nil { observed += 1 }
    }
    let idle = try await nanoseconds(10_000_000) { index in
        if controllers[index & 1] === controllers[(index + 1) & 1] { observed += 1 }
    }
    precondition(observed == 0)
    return max(0, asked - idle)
}

/// A record to a handler that does nothing, with and without metrics.
private func costWhenOn() async throws -> Row {
    let record = Record(topic: "jobs", value: try Sample.bytes())
    let (plain, counted) = (try await idleController(), try await idleController(observer: try WorkerMetrics()))
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

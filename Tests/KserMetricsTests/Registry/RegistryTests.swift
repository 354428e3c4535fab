import KserMetrics
import Testing

@Suite struct RegistryTests {
    @Test(
        "A name that Prometheus refuses throws when it is registered",
        arguments: ["", "1st", "a-b", "a b", "é", "a\nb", "a{b}"]
    )
    func illegalNames(_ name: String) {
        let registry = MetricsRegistry()
        #expect(throws: MetricsError.self) { try registry.counter(name, help: "h") }
        #expect(throws: MetricsError.self) { try registry.gauge(name, help: "h") }
        #expect(throws: MetricsError.self) { try registry.histogram(name, help: "h") }
        #expect(registry.exposition().isEmpty)
    }

    @Test("A label that Prometheus refuses throws", arguments: ["", "1", "a:b", "__name__", "a b", "a"])
    func illegalLabels(_ label: String) {
        let error = #expect(throws: MetricsError.self) {
            try MetricsRegistry().gauge("g", help: "h", labels: ["a", label])
        }
        #expect(error?.code == .name)
        #expect(error?.message.contains("\"\(label)\" of metric g") == true)
    }

    @Test("le belongs to histograms")
    func boundLabel() throws {
        #expect(throws: MetricsError.self) { try MetricsRegistry().histogram("h", help: "", labels: ["le"]) }
        _ = try MetricsRegistry().gauge("g", help: "", labels: ["le"])
    }

    @Test("A name is registered once, those that suffixes make too")
    func duplicates() throws {
        let registry = MetricsRegistry()
        _ = try registry.counter("app_mails", help: "")
        for name in ["app_mails", "app_mails_total", "app_mails_created"] {
            let error = #expect(throws: MetricsError.self) { try registry.gauge(name, help: "") }
            #expect(error?.code == .duplicate)
        }
        _ = try registry.gauge("app_size_sum", help: "")
        #expect(throws: MetricsError.self) { try registry.histogram("app_size", help: "") }
        #expect(throws: MetricsError.self) { try WorkerMetrics(WorkerMetrics().registry) }
    }

    @Test(
        "Bounds are finite and rise",
        arguments: [[], [1, 1], [2, 1], [Double.nan], [-Double.infinity, 1], [1, Double.infinity, 2]]
    )
    func bounds(_ bounds: [Double]) {
        let error = #expect(throws: MetricsError.self) {
            try MetricsRegistry().histogram("h", help: "", bounds: bounds)
        }
        #expect(error?.code == .bounds)
    }

    @Test("Two spellings of a text are two values")
    func spellings() throws {
        let registry = MetricsRegistry()
        let family = try registry.gauge("g", help: "", labels: ["a"])
        try family.labels("caf\u{E9}").set(to: 1)
        try family.labels("cafe\u{301}").set(to: 2)
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(text.unicodeScalars.contains("\u{E9}") && text.unicodeScalars.contains("\u{301}"))
    }

    @Test("A label has one value")
    func arity() throws {
        let family = try MetricsRegistry().counter("c", help: "", labels: ["a", "b"])
        #expect(throws: MetricsError.self) { try family.labels("1") }
        #expect(throws: MetricsError.self) { try family.labels("1", "2", "3") }
        #expect(try family.labels("1", "2") === family.labels("1", "2"))
        #expect(try family.labels("1", "2") !== family.labels("2", "1"))
    }

    @Test("Series above the limit are folded into one, and counted")
    func folding() throws {
        let registry = MetricsRegistry(seriesLimit: 3)
        let family = try registry.counter("c", help: "", labels: ["a"])
        for index in 0..<10 { try family.labels("\(index)").increment() }
        try family.labels("1").increment()
        #expect(registry.sample("c_total{a=\"1\"}") == 2)
        #expect(registry.sample("c_total{a=\"_other\"}") == 7)
        #expect(registry.sample("kser_metrics_folded_total{metric=\"c\"}") == 7)
        #expect(registry.lines().count { $0.hasPrefix("c_total{") } == 4)
    }

    @Test("Nothing that is counted from many tasks is lost")
    func contention() async throws {
        let registry = MetricsRegistry()
        let counter = try registry.counter("c", help: "")
        let gauge = try registry.gauge("g", help: "")
        let histogram = try registry.histogram("h", help: "", bounds: [1, 2])
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        counter.increment(by: 0.5)
                        gauge.increment(by: task.isMultiple(of: 2) ? 1 : -1)
                        histogram.observe(Double(task % 3) + 0.5)
                    }
                }
            }
        }
        #expect(counter.value == 120_000)
        #expect(gauge.value == 0)
        #expect(histogram.count == 80_000)
        #expect(registry.sample("h_bucket{le=\"1.0\"}") == 30_000)
        #expect(registry.sample("h_bucket{le=\"2.0\"}") == 60_000)
        #expect(registry.sample("h_bucket{le=\"+Inf\"}") == 80_000)
        #expect(registry.sample("h_sum") == 10_000 * (3 * 0.5 + 3 * 1.5 + 2 * 2.5))
    }

    @Test("What is no amount is not counted")
    func oddAmounts() throws {
        let registry = MetricsRegistry()
        let counter = try registry.counter("c", help: "")
        for amount in [-1, .nan, .infinity, 0] { counter.increment(by: amount) }
        counter.increment(by: -3)
        counter.increment(by: 2)
        #expect(counter.value == 2)
        let histogram = try registry.histogram("h", help: "", bounds: [1])
        histogram.observe(.nan)
        histogram.observe(.infinity)
        histogram.observe(.milliseconds(250))
        #expect(histogram.count == 2)
    }

    @Test("A gauge can be read when the metrics are")
    func readGauge() throws {
        let registry = MetricsRegistry()
        try registry.gauge("g", help: "now") { 42.5 }
        #expect(registry.lines() == ["# HELP g now", "# TYPE g gauge", "g 42.5"])
    }
}

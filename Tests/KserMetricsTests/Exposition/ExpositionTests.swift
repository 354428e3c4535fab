import Foundation
import KserMetrics
import TestSupport
import Testing

@Suite struct ExpositionTests {
    /// One metric of each kind, with labels and texts that need escaping.
    static func sample() throws -> MetricsRegistry {
        let registry = MetricsRegistry()
        try registry.counter("app_mails_total", help: "Mails \\ \"sent\"\nby domain", labels: ["to", "from"])
            .labels("a\\b\"c\nd", "é").increment(by: 3)
        let open = try registry.gauge("app_open", help: "Open connections")
        open.set(to: 2)
        open.decrement(by: 4.25)
        let sizes = try registry.histogram(
            "app_bytes",
            help: "Sizes",
            labels: ["zone", "kind"],
            bounds: [0.5, 1e3, 1e7]
        )
        for value in [0.5, 0.6, 2_000, 1e9] { try sizes.labels("z", "k").observe(value) }
        _ = try registry.counter("app_never", help: "Has no series", labels: ["a"])
        return registry
    }

    @Test("Text format 0.0.4")
    func text() throws {
        #expect(
            try Self.sample().lines() == [
                "# HELP app_mails_total Mails \\\\ \"sent\"\\nby domain",
                "# TYPE app_mails_total counter",
                "app_mails_total{from=\"é\",to=\"a\\\\b\\\"c\\nd\"} 3.0",
                "# HELP app_open Open connections",
                "# TYPE app_open gauge",
                "app_open -2.25",
                "# HELP app_bytes Sizes",
                "# TYPE app_bytes histogram",
                "app_bytes_bucket{kind=\"k\",le=\"0.5\",zone=\"z\"} 1.0",
                "app_bytes_bucket{kind=\"k\",le=\"1000.0\",zone=\"z\"} 2.0",
                "app_bytes_bucket{kind=\"k\",le=\"1e+07\",zone=\"z\"} 3.0",
                "app_bytes_bucket{kind=\"k\",le=\"+Inf\",zone=\"z\"} 4.0",
                "app_bytes_count{kind=\"k\",zone=\"z\"} 4.0",
                "app_bytes_sum{kind=\"k\",zone=\"z\"} 1.0000020011e+09",
                "# HELP app_never_total Has no series",
                "# TYPE app_never_total counter",
            ]
        )
    }

    @Test("OpenMetrics 1.0")
    func openMetrics() throws {
        let lines = try Self.sample().lines(.openMetrics)
        #expect(
            lines.prefix(3) == [
                "# HELP app_mails Mails \\\\ \\\"sent\\\"\\nby domain",
                "# TYPE app_mails counter",
                "app_mails_total{from=\"é\",to=\"a\\\\b\\\"c\\nd\"} 3.0",
            ]
        )
        #expect(lines.last == "# EOF")
    }

    @Test("prometheus_client reads both formats, its strict parser too, and writes the same text")
    func pythonAgrees() async throws {
        let folder = try TemporaryDirectory("metrics")
        let registry = try Self.sample()
        for (format, name) in [(ExpositionFormat.text, "text"), (.openMetrics, "openmetrics")] {
            try Data(registry.exposition(format)).write(to: URL(filePath: folder.path).appending(path: name))
        }
        let script = """
            import math
            import sys
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
            from prometheus_client import openmetrics, parser
            from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
            folder = sys.argv[1]
            plain = open(folder + "/text", encoding="utf-8").read()
            mails = Counter("app_mails", 'Mails \\\\ "sent"\\nby domain', ["to", "from"], registry=(r := CollectorRegistry()))
            mails.labels("a\\\\b\\"c\\nd", "é").inc(3)
            Gauge("app_open", "Open connections", registry=r).set(-2.25)
            sizes = Histogram("app_bytes", "Sizes", ["zone", "kind"], buckets=[0.5, 1e3, 1e7], registry=r)
            for value in [0.5, 0.6, 2000, 1e9]:
                sizes.labels("z", "k").observe(value)
            Counter("app_never", "Has no series", ["a"], registry=r)
            theirs = [l for l in generate_latest(r).decode().splitlines() if "_created" not in l]
            assert sorted(theirs) == sorted(plain.splitlines()), "\\n".join(theirs)
            def values(families):
                return sorted((s.name, sorted(s.labels.items()), s.value) for f in families for s in f.samples)
            one = values(parser.text_string_to_metric_families(plain))
            two = values(strict(open(folder + "/openmetrics", encoding="utf-8").read()))
            assert one == two and len(one) == 8, (one, two)
            print("agreed")
            """
        let python = try ChildProcess(Components.python(), ["-c", script, folder.path])
        let output = try await python.success(within: .seconds(60))
        #expect(output.lines == ["agreed"])
    }

    @Test(
        "What a strict reader would drop the page for is not written: a series twice, a sum that falls, one of no number"
    )
    func strictReader() async throws {
        let registry = MetricsRegistry(seriesLimit: 2)
        let mails = try registry.counter("app_mails", help: "Mails", labels: ["to"])
        for name in ["_other", "a", "b", "c", "_other"] { try mails.labels(name).increment() }
        let families = try registry.counter("app_calls", help: "Calls", labels: ["from", "to"])
        for name in ["a", "b", "c", "_other"] { try families.labels(name, name).increment() }
        let falling = try registry.histogram("app_falling", help: "Falls", bounds: [1, 2])
        for value in [1.5, -3] { falling.observe(value) }
        let none = try registry.histogram("app_none", help: "No sum", bounds: [1, 2])
        for value in [Double.infinity, -.infinity, .nan] { none.observe(value) }
        let below = try registry.histogram("app_below", help: "Below 0", bounds: [-1, 1])
        below.observe(5)
        let traced = try registry.histogram("app_traced", help: "With traces", bounds: [1, 2])
        traced.observe(0.25, traceID: String(repeating: "ab", count: 16))
        traced.observe(1.5, traceID: "no \"number\"\n")
        #expect(
            registry.lines().filter { $0.hasPrefix("app_mails_total{") } == [
                "app_mails_total{to=\"_other\"} 4.0", "app_mails_total{to=\"a\"} 1.0",
            ]
        )
        #expect(registry.lines().contains { $0.hasPrefix("app_falling_sum ") })
        let folder = try TemporaryDirectory("metrics")
        try Data(registry.exposition(.openMetrics)).write(to: URL(filePath: folder.path).appending(path: "page"))
        let script = """
            import sys
            from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
            families = {f.name: f.samples for f in strict(open(sys.argv[1] + "/page", encoding="utf-8").read())}
            for name, samples in families.items():
                series = [(s.name, tuple(sorted(s.labels.items()))) for s in samples]
                assert len(series) == len(set(series)), series
            exemplars = [s.exemplar for s in families["app_traced"] if s.exemplar]
            assert len(exemplars) == 1 and exemplars[0].labels == {"trace_id": "ab" * 16}, exemplars
            assert exemplars[0].value == 0.25 and float(exemplars[0].timestamp) > 1.5e9, exemplars
            print(len(families))
            """
        let python = try ChildProcess(Components.python(), ["-c", script, folder.path])
        #expect(try await python.success(within: .seconds(60)).lines == ["7"])
    }

    @Test("Numbers are written as prometheus_client writes them")
    func numbers() async throws {
        var values: [Double] = [
            0, -0.0, 1, -1, 0.1, 1.5, 100, 999_999, 1_000_000, 1_234_567, 1_234_567.25, -1_234_567.5, 1e9,
            1.7e9, 1_763_728_123.456789, 1e15, 123_456_789_012_345_680, 1e16, 1e17, 1e22, 1e300, .leastNonzeroMagnitude,
            1e-4, 1e-5,
            1.25e-7, .infinity, -.infinity, .pi, 1 / 3, 999_999.5, 10_000_000_000,
        ]
        var generator = SystemRandomNumberGenerator()
        for exponent in -20..<25 {
            values.append(Double.random(in: 1..<10, using: &generator) * pow(10, Double(exponent)))
        }
        let registry = MetricsRegistry()
        for (index, value) in values.enumerated() { try registry.gauge("g\(index)", help: "") { value } }
        let ours = registry.lines().filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ")[1] }
        let script = """
            import struct, sys
            from prometheus_client.utils import floatToGoString
            for text in sys.argv[1:]:
                print(floatToGoString(struct.unpack(">d", bytes.fromhex(text))[0]))
            """
        let bits = values.map { value in
            let text = String(value.bitPattern, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let python = try ChildProcess(Components.python(), ["-c", script] + bits)
        let theirs = try await python.success(within: .seconds(60)).lines
        #expect(ours.count == values.count)
        #expect(ours.map(String.init) == theirs)
    }
}

import Foundation
import Kser
import KserKafka
import KserMetrics
import KserTesting
import TestSupport
import Testing

@Suite("A Prometheus server", .timeLimit(.minutes(5)))
struct PrometheusTests {
    @Test("scrapes a worker under load and has its counts, lag included")
    func scrapes() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 3, "slow": 1, "jobs-dlt": 1])
        let metrics = try WorkerMetrics(hostname: "h")
        let producer = metrics.counting(
            try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        )
        let gate = Gate()
        let controller = Controller(logger: .none, monitor: metrics)
        try await controller.register("good") { (_: JSONObject, _) in }
        try await controller.register("bad") { (_: JSONObject, _) in throw KserError.validation("no") }
        try await controller.register("slow") { (_: JSONObject, _) in await gate.pass() }
        let consumer = try Consumer(
            ConsumerConfiguration(bootstrapServers: broker.bootstrapServers, groupID: "g"),
            topics: ["jobs", "slow"]
        )
        let options = WorkerOptions(
            deadLetters: DeadLetterTopic(with: producer),
            retries: RetryPolicy(inPlace: .none),
            shutdownSignals: []
        )
        let worker = Worker(consumer: consumer, controller: controller, options: options)
        let server = try MetricsServer(metrics, address: "127.0.0.1", port: 0)
        let prometheus = try await PrometheusServer(scraping: server.port)
        async let running: Void = worker.run()

        _ = try await producer.send(contentsOf: (0..<2_000).map { _ in Message(entrypoint: "good") }, to: "jobs")
        _ = try await producer.send(contentsOf: (0..<50).map { _ in Message(entrypoint: "bad") }, to: "jobs")
        _ = try await producer.send(contentsOf: (0..<20).map { _ in Message(entrypoint: "slow") }, to: "slow")

        let good = "kser_task_result_total{job=\"kser\",name=\"good\",hostname=\"h\",status=\"SUCCESS\"}"
        try await prometheus.wait(for: good, toBe: 2_000)
        try await prometheus.wait(for: "kser_task_result_total{name=\"bad\",status=\"FAILED\"}", toBe: 50)
        try await prometheus.wait(for: "kser_task_count", toBe: 2_051)
        try await prometheus.wait(for: "sum(kser_dead_letters_total{entrypoint=\"bad\",reason=\"rejected\"})", toBe: 50)
        try await prometheus.wait(for: "kser_consumer_lag{topic=\"slow\",partition=\"0\",group=\"g\"}", toBe: 20)
        try await prometheus.wait(for: "sum(kser_consumer_lag{topic=\"jobs\"})", toBe: 0)
        try await prometheus.wait(
            for: "sum(messaging_client_consumed_messages_total{messaging_destination_name=\"jobs\"})",
            toBe: 2_050
        )
        try await prometheus.wait(for: "sum(messaging_process_duration_seconds_count{error_type=\"400\"})", toBe: 50)
        try await prometheus.wait(
            for: "sum(messaging_client_sent_messages_total{messaging_destination_name=\"jobs-dlt\"})",
            toBe: 50
        )
        try await prometheus.wait(
            for: "kser_task_duration_seconds_count{entrypoint=\"good\",outcome=\"success\"}",
            toBe: 2_000
        )
        try await prometheus.wait(for: "kser_partitions_assigned{group=\"g\"}", toBe: 4)
        try await prometheus.wait(for: "kser_rebalances_total{kind=\"assigned\"}", toBe: 1)
        try await prometheus.wait(for: "kser_tasks_in_flight{entrypoint=\"slow\"}", toBe: 1)
        try await prometheus.wait(for: "sum(kser_committed_offset{topic=\"jobs\"})", toBe: 2_050)

        gate.open()
        try await prometheus.wait(for: "kser_consumer_lag{topic=\"slow\"}", toBe: 0)
        try await prometheus.wait(for: "kser_task_count", toBe: 2_070)
        try await Promtool.check(metrics.registry)
        #expect(try await server.get("/readyz").status == 200)
        #expect(try await server.get("/livez").status == 200)
        await worker.shutdown()
        try await running
        #expect(try await server.get("/readyz").status == 503)
        await server.stop()
    }
}

/// Prometheus' own checks.
enum Promtool {
    /// `promtool check metrics`; the name of kser's first metric is the only thing that it may not like.
    static func check(_ registry: MetricsRegistry) async throws {
        let all = try await run(registry.lines())
        #expect(
            all.text + all.errorText
                == "kser_task_count non-histogram and non-summary metrics should not have \"_count\" suffix"
        )
        let others = try await run(registry.lines().filter { !$0.contains("kser_task_count") })
        #expect(others.status == 0, "\(others)")
        #expect(others.text.isEmpty && others.errorText.isEmpty, "\(others)")
    }

    private static func run(_ lines: [String]) async throws -> ChildProcess.Output {
        let folder = try TemporaryDirectory("promtool")
        try folder.write(lines.joined(separator: "\n") + "\n", to: "metrics")
        let input = folder.url.appending(path: "metrics")
        let program = try Components.program("promtool")
        return try await ChildProcess(program, ["check", "metrics"], input: input).end(within: .seconds(60))
    }
}

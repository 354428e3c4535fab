import Foundation
import Kser
import KserMetrics
import KserTesting
import TestSupport
import Testing

/// What clients of the server do, while a worker of the same process runs.
@Suite(.timeLimit(.minutes(3))) struct BesideWorkerTests {
    private let broker = InMemoryBroker()

    /// Feeds a worker, whose metrics are shown, until the body ends; then all that was sent has to be counted.
    private func whileWorking(_ body: @escaping @Sendable (MetricsServer) async throws -> Void) async throws {
        let metrics = try WorkerMetrics(hostname: "h")
        let controller = Controller(logger: .none, monitor: metrics)
        let handled = Watched(0)
        try await controller.register("step") { (_: JSONObject, _) in handled.update { $0 += 1 } }
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(shutdownSignals: [])
        )
        let server = try MetricsServer(metrics, address: "127.0.0.1", port: 0)
        async let running: Void = worker.run()
        let producer = broker.makeProducer()
        let feeding = Task {
            var sent = 0
            repeat {
                for _ in 0..<100 { try await producer.send(Message(entrypoint: "step"), to: "jobs") }
                sent += 100
                let goal = sent
                try await withDeadline(.seconds(60), "\(goal) handled messages") {
                    try await handled.wait { $0 >= goal ? () : nil }
                }
            } while !Task.isCancelled
            return sent
        }
        try await body(server)
        feeding.cancel()
        // A wait that was cancelled leaves a hundred that are on their way.
        _ = await feeding.result
        await worker.shutdown()
        try await running
        let count = handled.value
        #expect(count > 0)
        let page = try await server.get("/metrics").lines
        #expect(page.contains("kser_task_result_total{hostname=\"h\",name=\"step\",status=\"SUCCESS\"} \(count).0"))
        await server.stop()
    }

    @Test("wrk's 32 connections read the metrics without a failure")
    func wrk() async throws {
        let seconds = ProcessInfo.processInfo.environment["KSER_SOAK"] == nil ? 2 : 10
        try await whileWorking { server in
            let url = "http://127.0.0.1:\(server.port)/metrics"
            let wrk = try ChildProcess(Components.program("wrk"), ["-t", "1", "-c", "32", "-d", "\(seconds)s", url])
            let output = try await wrk.success(within: .seconds(60))
            #expect(output.text.contains(" requests in "), "\(output)")
            for failure in ["Socket errors", "Non-2xx"] { #expect(!output.text.contains(failure), "\(output)") }
        }
    }

    @Test("10,000 idle connections, headers of a megabyte and what is no HTTP do no harm")
    func hostile() async throws {
        try await whileWorking { server in
            // In a process of their own: Foundation cannot start one from a process with so many open files.
            let script = Components.support("peers/idle_clients.py")
            let idle = try ChildProcess(Components.python(), [script, "\(server.port)", "10000"])
            #expect(try await idle.line(within: .seconds(60)) == "open")
            let header = "GET /metrics HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 1 << 20))\r\n\r\n"
            for text in [header, "\u{0}\u{1}\r\n\r\n", "GET\r\n\r\n"] {
                let answer = try await withDeadline(.seconds(60), "an answer or an end") {
                    try await RawConnection(port: server.port).exchange(Array(text.utf8))
                }
                #expect(!answer.hasPrefix("HTTP/1.1 200"))
            }
            idle.kill()
            _ = try await idle.end(within: .seconds(60))
            try await withDeadline(.seconds(60), "metrics once the idle ones are gone") {
                while await (try? server.get("/metrics"))?.status != 200 { try Task.checkCancellation() }
            }
        }
    }
}

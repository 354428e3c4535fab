import Foundation
import Kser
import KserKafka
import KserMetrics
import KserTesting
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite(.timeLimit(.minutes(1))) struct OperatingSnippets {
    private struct Mail: Codable, Sendable { var kind: String }

    @Test func aWorkerShowsItsMetrics() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1])
        let servers = broker.bootstrapServers

        // README.md: metrics and health
        let metrics = try WorkerMetrics()
        let producer = metrics.counting(try Producer(ProducerConfiguration(bootstrapServers: servers)))
        let controller = Controller(monitor: metrics)  // its workers and their consumers report too
        let mails = try metrics.registry.counter("app_mails", help: "Mails sent", labels: ["kind"])
        try await controller.register("mail.send") { (mail: Mail, execution) in
            try mails.labels(mail.kind).increment()
        }
        let server = try MetricsServer(metrics, address: "127.0.0.1", port: 0)  // 8888 of all addresses by default
        // end

        try await producer.send(Message(entrypoint: "mail.send", params: ["kind": "order"]), to: "jobs")
        let result = await controller.run(Message(entrypoint: "mail.send", params: ["kind": "order"]))
        #expect(result.isSuccess)
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/metrics"))
        let (page, _) = try await URLSession.shared.data(from: url)
        let lines = String(decoding: page, as: UTF8.self).split(separator: "\n")
        #expect(lines.contains(#"app_mails_total{kind="order"} 1.0"#))
        #expect(lines.contains { $0.hasPrefix("messaging_client_sent_messages_total{") && $0.hasSuffix(" 1.0") })
        await server.stop()
    }
}

import Foundation
import Kser
import TestSupport

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A real Prometheus server that scrapes one endpoint twice a second; it ends, and its data goes away, with this value.
final class PrometheusServer: Sendable {
    private let folder: TemporaryDirectory
    private let process: ChildProcess
    private let port: String

    init(scraping target: UInt16, rules: URL? = nil) async throws {
        folder = try TemporaryDirectory("prometheus")
        let rules = rules.map { "rule_files: [\"\($0.path(percentEncoded: false))\"]" } ?? ""
        try folder.write(
            """
            global: {scrape_interval: 500ms, evaluation_interval: 500ms}
            \(rules)
            scrape_configs:
            - job_name: kser
              static_configs: [{targets: ["127.0.0.1:\(target)"]}]
            """,
            to: "prometheus.yml"
        )
        let command =
            "exec '\(try Components.program("prometheus"))' --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:0 2>&1"
        process = try ChildProcess("/bin/sh", ["-c", command], directory: folder.url)
        while true {
            let line = try await process.line(within: .seconds(60))
            guard line.contains("msg=\"Listening on\""), let colon = line.lastIndex(of: ":") else { continue }
            port = String(line[line.index(after: colon)...])
            return
        }
    }

    /// Asks a query until its value is as wanted; Prometheus knows no other way to wait.
    func wait(for query: String, toBe value: Double) async throws {
        let seen = Watched<String>("nothing")
        do {
            try await withDeadline(.seconds(90), "\(query) to be \(value)") {
                try await poll {
                    let answer = try await self.ask(query)
                    seen.update { $0 = "\(answer)" }
                    return answer == [value]
                }
            }
        } catch let error as DeadlineExceeded {
            throw error.adding("it was \(seen.value)")
        }
    }

    /// The values of a query's result.
    func ask(_ query: String) async throws -> [Double] {
        try await get("query", [URLQueryItem(name: "query", value: query)])["data"]?["result"]?.array?
            .compactMap { $0["value"]?[1]?.string.flatMap { Double($0) } } ?? []
    }

    /// The names of the alerts that are pending or firing.
    func alerts() async throws -> [String] {
        try await get("alerts", [])["data"]?["alerts"]?.array?.compactMap { $0["labels"]?["alertname"]?.string } ?? []
    }

    private func get(_ name: String, _ items: [URLQueryItem]) async throws -> JSON {
        var components = URLComponents()
        components.scheme = "http"
        components.host = "127.0.0.1"
        components.port = Int(port)
        components.path = "/api/v1/\(name)"
        components.queryItems = items
        guard let url = components.url else { throw URLError(.badURL) }
        let (data, _) = try await URLSession.shared.data(from: url)
        return try JSON(parsing: Array(data))
    }
}

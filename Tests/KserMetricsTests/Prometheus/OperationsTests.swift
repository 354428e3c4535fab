import Foundation
import Kser
import KserMetrics
import TestSupport
import Testing

/// What stands in Examples/Operations.
@Suite(.timeLimit(.minutes(3))) struct OperationsTests {
    private let folder = Components.root.appending(path: "Examples/Operations")

    @Test("promtool accepts the alert rules, and they fire when they should")
    func alerts() async throws {
        for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
            let promtool = try ChildProcess(Components.program("promtool"), arguments, directory: folder)
            let output = try await promtool.success(within: .seconds(60))
            #expect((output.text + output.errorText).contains("SUCCESS"))
        }
    }

    @Test("Alerts and dashboard ask for metrics that there are", arguments: ["alerts.yml", "dashboard.json"])
    func names(_ file: String) throws {
        let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        let names = Set(text.matches(of: /\b(kser|messaging)_[a-z_]+/).map { String($0.output.0) })
            .filter { $0 != "messaging_operation_name" }
        #expect(names.count > 5)
        let registry = MetricsRegistry(seriesLimit: 1)
        _ = try WorkerMetrics(registry)
        let family = try registry.counter("x", help: "", labels: ["a"])
        for value in ["1", "2"] { try family.labels(value).increment() }
        let known = Set(
            registry.lines().filter { $0.hasPrefix("# TYPE ") }.flatMap { line -> [String] in
                let words = line.split(separator: " ").map(String.init)
                return words[3] == "histogram" ? ["_bucket", "_sum", "_count"].map { words[2] + $0 } : [words[2]]
            }
        )
        #expect(names.subtracting(known) == [])
    }

    @Test("Prometheus can parse each query of the dashboard")
    func queries() async throws {
        let dashboard = try JSON(parsing: Array(Data(contentsOf: folder.appending(path: "dashboard.json"))))
        let queries = (dashboard["panels"]?.array ?? []).flatMap { $0["targets"]?.array ?? [] }
            .compactMap { $0["expr"]?.string }
        #expect(queries.count > 10)
        let rules = queries.enumerated().map { index, query -> JSON in
            [
                "record": .string("panel:\(index)"),
                "expr": .string(query.replacing("$__rate_interval", with: "1m")),
            ]
        }
        let file: JSON = ["groups": [["name": "dashboard", "rules": .array(rules)]]]
        let folder = try TemporaryDirectory("dashboard")
        try folder.write(file.description, to: "rules.yml")
        let promtool = try ChildProcess(Components.program("promtool"), ["check", "rules", folder.path + "/rules.yml"])
        let output = try await promtool.success(within: .seconds(60))
        #expect((output.text + output.errorText).contains("\(queries.count) rules found"))
    }
}

import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// The documented game with tracing: what it prints, sends and draws.
@Suite(.timeLimit(.minutes(2)))
struct TracedDiceTests {
    @Test func consoleIsTheDocumentedOne() async throws {
        let receiver = try await receive("agent")
        let game = try await play(["--agent", "127.0.0.1:\(receiver.port)"])
        let uuid = #"\[[0-9a-f-]{36}\]"#
        var patterns = [
            "Initializing Jaeger Tracer with UDP reporter", "Using sampler ConstSampler\\(true\\)",
            "opentracing.tracer initialized to .*\\[app_name=kser\\]",
            "DiceLaunch.PreBuild: TracedDice.DiceLaunch\(uuid): {}", "DiceLaunch.BuildTasks: 3 task\\(s\\) found",
            "DiceLaunch.SetStatus: TracedDice.DiceLaunch\(uuid) status update 'PENDING' -> 'RUNNING'",
            "DiceLaunch.PreRun: .*", reporting("DiceLaunch\(uuid) - PreRun"),
        ]
        for _ in 0..<3 {
            patterns += ["PreRun", "Run", "PostRun"].flatMap { phase in
                ["DiceRoll.\(phase): TracedDice.DiceRoll\(uuid)", reporting("DiceRoll\(uuid) - \(phase)")]
            }
            patterns += ["DiceRoll.Success: .*: You made a [1-6]", reporting("DiceRoll\(uuid) - Execute")]
        }
        patterns += [
            reporting("DiceLaunch\(uuid) - PostRun"),
            "DiceLaunch.SetStatus: TracedDice.DiceLaunch\(uuid) status update 'RUNNING' -> 'SUCCESS'",
            "DiceLaunch.Success: TracedDice.DiceLaunch\(uuid): You made a [1-6]",
            reporting("DiceLaunch\(uuid) - Execute"),
        ]
        try #require(game.lines.count == patterns.count)
        for (line, pattern) in zip(game.lines, patterns) {
            let time = #"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO) +"#
            #expect(line.wholeMatch(of: try Regex(time + pattern)) != nil, "\(line) is not \(pattern)")
        }
    }

    /// A bar for each span, in a list within the one of its parent, and drawn within its bar.
    @Test func pageShowsTheTreeOfSpans() async throws {
        let folder = try TemporaryDirectory("page")
        let file = folder.url.appending(path: "dice.html")
        let game = try await play(["--html", file.path()])
        let bars = try Page.bars(of: Data(contentsOf: file))
        #expect(bars.count == 3 * 4 + 3)
        let reported = Dictionary(
            uniqueKeysWithValues: game.lines.compactMap { line in
                line.firstMatch(of: /Reporting span \w+:(\w+):(\w+):1/).map { (String($0.1), String($0.2)) }
            }
        )
        #expect(Set(bars.keys) == Set(reported.keys))
        for (span, bar) in bars {
            #expect(bar.parent ?? "0" == reported[span])
            #expect(bar.left >= 0 && bar.width >= 0 && bar.left + bar.width <= 100.01)
            guard let parent = bar.parent.flatMap({ bars[$0] }) else { continue }
            #expect(bar.left >= parent.left - 0.01 && bar.left + bar.width <= parent.left + parent.width + 0.01)
        }
    }

    @Test func agentReceivesTheTrace() async throws {
        let receiver = try await receive("agent")
        _ = try await play(["--agent", "127.0.0.1:\(receiver.port)"])
        var names: [String] = []
        while names.count < 15 {
            let batch = try JSONDecoder().decode(ThriftBatch.self, from: Data(try await receiver.next().utf8))
            names += batch.spans.map(\.name)
        }
        #expect(names.count { $0.hasSuffix(" - Execute") } == 4 && names.count == 15)
    }

    @Test func collectorReceivesTheTrace() async throws {
        let receiver = try await receive("collector")
        _ = try await play(["--otlp", "http://127.0.0.1:\(receiver.port)"])
        var count = 0
        while count < 15 {
            let request = try await receiver.next()
            #expect(request.contains(#""path": "/v1/traces""#))
            count += request.matches(of: /"spanId":/).count
        }
        #expect(count == 15)
    }

    @Test(arguments: [["--otlp", "localhost"], ["--agent", "host"], ["--speed", "0"], ["--html"], ["--what", "1"]])
    func misuseIsExplained(_ arguments: [String]) async throws {
        let end = try await game(arguments).end(within: .seconds(30))
        #expect(end.status == 2)
    }

    private func reporting(_ name: String) -> String { "Reporting span [0-9a-f]+:[0-9a-f]+:[0-9a-f]+:1 kser.\(name)" }

    private func play(_ arguments: [String]) async throws -> ChildProcess.Output {
        try await game(arguments + ["--speed", "100"]).success(within: .seconds(60))
    }

    private func game(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(Components.products.appending(path: "TracedDice").path(), arguments)
    }

    private func receive(_ what: String) async throws -> Receiver {
        let process = try ChildProcess(Components.python(), [Components.support("peers/py_spans.py"), what])
        let line = try await process.line(within: .seconds(30))
        let port = try JSONDecoder().decode([String: Int].self, from: Data(line.utf8))["port"]
        return Receiver(process: process, port: try #require(port))
    }
}

private struct Receiver {
    let process: ChildProcess
    let port: Int

    func next() async throws -> String { try await process.line(within: .seconds(30)) }
}

private struct ThriftBatch: Decodable {
    struct Span: Decodable { var name: String }
    var spans: [Span]
}

/// Reads the bars of a page.
private final class Page: NSObject, XMLParserDelegate {
    struct Bar {
        var parent: String?
        var left: Double
        var width: Double
    }

    private var spans: [String] = []
    private var items: [Bool] = []
    private var bars: [String: Bar] = [:]

    static func bars(of data: Data) throws -> [String: Bar] {
        let page = Page()
        let parser = XMLParser(data: data)
        parser.delegate = page
        let isWellFormed = parser.parse()
        try #require(isWellFormed, "\(String(describing: parser.parserError))")
        return page.bars
    }

    func parser(
        _ parser: XMLParser,
        didStartElement element: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes: [String: String]
    ) {
        if let span = attributes["data-span"] { spans.append(span) }
        items.append(attributes["data-span"] != nil)
        guard attributes["class"]?.split(separator: " ").contains("bar") == true, let span = spans.last,
            let style = attributes["style"]?.wholeMatch(of: /left:([\d.]+)%;width:([\d.]+)%/),
            let left = Double(style.1), let width = Double(style.2)
        else { return }
        bars[span] = Bar(parent: spans.dropLast().last, left: left, width: width)
    }

    func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
        if items.removeLast() { spans.removeLast() }
    }
}

import Foundation
import Jaeger
import OpenTracing

/// A page that draws spans as a waterfall: one file with neither scripts nor links, which any browser shows.
struct WaterfallPage {
    private let spans: [SpanRecord]
    private let service: String
    private let start: Int64
    private let total: Int64

    init(_ spans: [SpanRecord], service: String) {
        self.spans = spans
        self.service = service
        start = spans.map(\.startTime).min() ?? 0
        total = max(1, (spans.map { $0.startTime + $0.duration }.max() ?? 0) - start)
    }

    /// The page. It is well-formed XML too.
    var text: String {
        let trees = SpanTree.trees(of: spans)
        let root = trees.first?.span
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>\(escaped("\(service): \(root?.operationName ?? "no spans")"))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <header>
            <h1><b>\(escaped(service))</b> \(escaped(root?.operationName ?? "no spans"))</h1>
            <p>Trace <code>\(root.map { String($0.traceID, radix: 16) } ?? "")</code> · \(spans.count) spans ·
            \(Self.time(total)) · begun \(Self.date(start))</p>
            </header>
            <main>
            <div class="scale row"><span class="name">Operation</span><span class="track">\(ticks)</span></div>
            <ol class="spans">
            \(trees.map { item($0, depth: 0) }.joined())</ol>
            </main>
            </body>
            </html>

            """
    }

    private var ticks: String {
        (0...4).map { quarter in
            "<i style=\"left:\(quarter * 25)%\">\(Self.time(total * Int64(quarter) / 4))</i>"
        }.joined()
    }

    private func item(_ tree: SpanTree, depth: Int) -> String {
        let span = tree.span
        let isError = span.tags[Tags.error] == .bool(true)
        let position = "left:\(share(span.startTime - start));width:\(share(span.duration))"
        let label = label(span)
        let children = tree.children.map { item($0, depth: depth + 1) }.joined()
        return """
            <li data-span="\(String(span.spanID, radix: 16))">
            <details><summary class="row" style="--depth:\(depth)">\(name(span.operationName))\
            <span class="track"><span class="bar d\(min(depth, 3))\(isError ? " error" : "")" style="\(position)"></span>\
            <em class="\(label.place)" style="\(label.position)">\(Self.time(span.duration))</em></span></summary>
            \(facts(span))</details>
            \(children.isEmpty ? "" : "<ol>\n\(children)</ol>\n")</li>

            """
    }

    /// The name; of `DiceRoll[uuid] - Run` the uuid gives way when there is little room.
    private func name(_ name: String) -> String {
        guard let open = name.firstIndex(of: "["), let close = name.lastIndex(of: "]"), open < close else {
            return "<span class=\"name\"><b>\(escaped(name))</b></span>"
        }
        let (head, uuid, tail) = (name[..<open], name[open...close], name[name.index(after: close)...])
        return "<span class=\"name\"><b>\(escaped(String(head)))</b><i>\(escaped(String(uuid)))</i>"
            + "<b>\(escaped(String(tail)))</b></span>"
    }

    /// Where the duration stands: behind its bar if there is room, else before it, else in it.
    private func label(_ span: SpanRecord) -> (place: String, position: String) {
        let begin = span.startTime - start
        let end = begin + span.duration
        if end * 100 < total * 88 { return ("after", "left:\(share(end))") }
        if begin * 100 > total * 12 { return ("before", "right:\(share(total - begin))") }
        return ("inside", "right:\(share(total - end))")
    }

    private func facts(_ span: SpanRecord) -> String {
        let begin = [("start", "+\(Self.time(span.startTime - start))"), ("span", String(span.spanID, radix: 16))]
        let logs = span.logs.map { ("log +\(Self.time($0.timestamp - start))", "\($0.fields)") }
        let rows = begin + span.tags.map { ($0.key, $0.value.text) } + logs
        return "<table>"
            + rows.map { "<tr><th>\(escaped($0.0))</th><td>\(escaped($0.1))</td></tr>" }.joined(separator: "\n")
            + "</table>"
    }

    private func share(_ microseconds: Int64) -> String {
        String(format: "%.3f%%", Double(microseconds) / Double(total) * 100)
    }

    private static func time(_ microseconds: Int64) -> String {
        switch microseconds {
        case ..<1_000: "\(microseconds) µs"
        case ..<1_000_000: String(format: "%.1f ms", Double(microseconds) / 1_000)
        default: String(format: "%.2f s", Double(microseconds) / 1_000_000)
        }
    }

    private static func date(_ microseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(microseconds) / 1_000_000).formatted(.iso8601)
    }

    private func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\t", "\n", " "...: escaped.unicodeScalars.append(character)
            default: escaped += "\u{fffd}"  // no document may hold it
            }
        }
        return escaped
    }
}

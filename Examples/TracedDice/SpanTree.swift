import Jaeger

/// A span with those under it, in the order in which they began.
struct SpanTree {
    var span: SpanRecord
    var children: [SpanTree]

    /// The trees of spans: those whose parent is not among them are the roots.
    static func trees(of spans: [SpanRecord]) -> [SpanTree] {
        let known = Set(spans.map(\.spanID))
        let byParent = Dictionary(grouping: spans.sorted { $0.startTime < $1.startTime }) { span in
            known.contains(span.parentID) ? span.parentID : 0
        }
        func trees(under parent: UInt64) -> [SpanTree] {
            (byParent[parent] ?? []).map { SpanTree(span: $0, children: trees(under: $0.spanID)) }
        }
        return trees(under: 0)
    }
}

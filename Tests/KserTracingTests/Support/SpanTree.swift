import OpenTracing
import OpenTracingMock

extension MockTracer {
    /// The finished spans as a tree, a line each, children indented and in the order they began.
    var tree: [String] {
        let spans = finishedSpans().sorted { $0.mockContext.spanID < $1.mockContext.spanID }
        let known = Set(spans.map(\.mockContext.spanID))
        func lines(under parent: UInt64?, _ indent: String) -> [String] {
            spans.filter { $0.parentID == parent || parent == nil && !known.contains($0.parentID ?? 0) }
                .flatMap { [indent + $0.operationName] + lines(under: $0.mockContext.spanID, indent + "  ") }
        }
        return lines(under: nil, "")
    }

    func spans(_ name: String) -> [MockSpan] { finishedSpans().filter { $0.operationName == name } }
}

import OpenTracing
import Synchronization

/// A span that counts how often it was finished, and notes whether an error was recorded.
final class CountingSpan: Span {
    private let finishes = Atomic(0)
    private let failed = Atomic(false)

    var finishCount: Int { finishes.load(ordering: .sequentiallyConsistent) }
    var hasError: Bool { failed.load(ordering: .sequentiallyConsistent) }

    var context: any SpanContext { NoopSpanContext() }
    var tracer: any Tracer { NoopTracer.shared }
    func rename(to operationName: String) {}
    func setTag(_ key: String, to value: FieldValue) {
        if key == Tags.error, value == true { failed.store(true, ordering: .sequentiallyConsistent) }
    }
    func log(_ fields: Fields, at timestamp: Double?) {}
    func setBaggageItem(_ key: String, to value: String?) {}
    func baggageItem(_ key: String) -> String? { nil }
    func finish(at time: Double?) { finishes.add(1, ordering: .sequentiallyConsistent) }
}

import Synchronization

/// What the tracer counts: spans begun, ended, sent, lost.
///
///     for counter in tracer.metrics.counters { print(counter.name, counter.tags, counter.value) }
public final class JaegerMetrics: Sendable {
    /// A number that grows.
    public struct Counter: Sendable {
        /// The name, such as `jaeger:reporter_spans`.
        public let name: String
        /// What tells it from others of the name, sorted by key.
        public let tags: [(key: String, value: String)]
        /// The number.
        public let value: Int

        /// The name with the tags, as Python's client has it: `jaeger:reporter_spans.result_ok`.
        public var flatName: String { tags.reduce(name) { "\($0).\($1.key)_\($1.value)" } }
    }

    /// Makes counters that are all 0.
    public init() {}

    let startedTraceSampled = Count("jaeger:traces", ("sampled", "y"), ("state", "started"))
    let startedTrace = Count("jaeger:traces", ("sampled", "n"), ("state", "started"))
    let joinedTraceSampled = Count("jaeger:traces", ("sampled", "y"), ("state", "joined"))
    let joinedTrace = Count("jaeger:traces", ("sampled", "n"), ("state", "joined"))
    let startedChildSampled = Count("jaeger:started_spans", ("sampled", "y"))
    let startedChild = Count("jaeger:started_spans", ("sampled", "n"))
    let finishedSpan = Count("jaeger:finished_spans")
    let unfinishedSpan = Count("jaeger:unfinished_spans")
    let reported = Count("jaeger:reporter_spans", ("result", "ok"))
    let failed = Count("jaeger:reporter_spans", ("result", "err"))
    let dropped = Count("jaeger:reporter_spans", ("result", "dropped"))
    let samplerQueried = Count("jaeger:sampler_queries", ("result", "ok"))
    let samplerQueryFailed = Count("jaeger:sampler_queries", ("result", "err"))
    let samplerUpdated = Count("jaeger:sampler_updates", ("result", "ok"))
    let samplerUpdateFailed = Count("jaeger:sampler_updates", ("result", "err"))
    let throttledDebugSpan = Count("jaeger:throttled_debug_spans")
    let throttlerUpdated = Count("jaeger:throttler_update", ("result", "ok"))
    let throttlerUpdateFailed = Count("jaeger:throttler_update", ("result", "err"))
    let queueLength = Count("jaeger:reporter_queue_length")

    /// Spans begun are those that begin a trace here, and their children: each is counted once.
    var startedSpansSampled: Int { startedTraceSampled.value + joinedTraceSampled.value + startedChildSampled.value }
    private var startedSpans: Int { startedTrace.value + joinedTrace.value + startedChild.value }

    /// All counters.
    public var counters: [Counter] {
        [
            startedTraceSampled.counter, startedTrace.counter, joinedTraceSampled.counter, joinedTrace.counter,
            startedChildSampled.counter(of: startedSpansSampled), startedChild.counter(of: startedSpans),
            finishedSpan.counter, unfinishedSpan.counter, reported.counter, failed.counter, dropped.counter,
            samplerQueried.counter, samplerQueryFailed.counter, samplerUpdated.counter, samplerUpdateFailed.counter,
            throttledDebugSpan.counter, throttlerUpdated.counter, throttlerUpdateFailed.counter,
        ]
    }

    /// How many spans waited in the reporter's queue when it last sent some.
    public var reporterQueueLength: Int { queueLength.value }

    /// The value of a counter by its flat name; 0 when there is none of the name.
    public subscript(flatName: String) -> Int { counters.first { $0.flatName == flatName }?.value ?? 0 }

    func countStart(isFirst: Bool, joined isJoined: Bool, sampled isSampled: Bool) {
        switch (isFirst, isJoined, isSampled) {
        case (false, _, true): startedChildSampled.add()
        case (false, _, false): startedChild.add()
        case (true, false, true): startedTraceSampled.add()
        case (true, false, false): startedTrace.add()
        case (true, true, true): joinedTraceSampled.add()
        case (true, true, false): joinedTrace.add()
        }
    }
}

/// A number that many threads add to.
struct Count: ~Copyable, Sendable {
    private let name: String
    private let tags: [(key: String, value: String)]
    private let number = Atomic(0)

    init(_ name: String, _ tags: (String, String)...) {
        self.name = name
        self.tags = tags.map { (key: $0.0, value: $0.1) }
    }

    var value: Int { number.load(ordering: .relaxed) }
    func add(_ amount: Int = 1) { number.add(amount, ordering: .relaxed) }
    func set(_ value: Int) { number.store(value, ordering: .relaxed) }

    var counter: JaegerMetrics.Counter { counter(of: value) }
    func counter(of value: Int) -> JaegerMetrics.Counter { .init(name: name, tags: tags, value: value) }
}

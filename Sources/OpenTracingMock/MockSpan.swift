public import OpenTracing
import Synchronization

/// A span that remembers all that was done to it. Changes after its end are kept too.
public final class MockSpan: Span {
    /// Fields that were logged.
    public struct LogRecord: Sendable, Equatable {
        /// The fields in their order.
        public var fields: Fields
        /// When, in seconds since the epoch.
        public var timestamp: Double

        /// Makes a record.
        public init(fields: Fields, timestamp: Double) {
            self.fields = fields
            self.timestamp = timestamp
        }
    }

    private struct State {
        var operationName: String
        var context: MockSpanContext
        var tags: Fields
        var logs: [LogRecord] = []
        var finishTime: Double?
    }

    /// The number of the parent span; nil for the root of a trace.
    public let parentID: UInt64?
    /// When the span began, in seconds since the epoch.
    public let startTime: Double
    private let owner: MockTracer
    private let state: Mutex<State>

    init(
        _ operationName: String,
        context: MockSpanContext,
        parentID: UInt64?,
        tags: Fields,
        startTime: Double,
        tracer: MockTracer
    ) {
        self.parentID = parentID
        self.startTime = startTime
        owner = tracer
        var unique = Fields()
        for tag in tags { unique[tag.key] = tag.value }
        state = Mutex(State(operationName: operationName, context: context, tags: unique))
    }

    /// The span's identity and baggage.
    public var context: any SpanContext { mockContext }
    /// The span's identity and baggage.
    public var mockContext: MockSpanContext { state.withLock { $0.context } }
    /// The tracer that started the span.
    public var tracer: any Tracer { owner }
    /// The operation's name.
    public var operationName: String { state.withLock { $0.operationName } }
    /// The tags; of a key set several times, the last value.
    public var tags: Fields { state.withLock { $0.tags } }
    /// The logs in their order.
    public var logs: [LogRecord] { state.withLock { $0.logs } }
    /// When the span ended, in seconds since the epoch; -1 before.
    public var finishTime: Double { state.withLock { $0.finishTime } ?? -1 }
    /// Whether the span ended.
    public var isFinished: Bool { state.withLock { $0.finishTime != nil } }

    /// Renames the operation.
    public func rename(to operationName: String) { state.withLock { $0.operationName = operationName } }

    /// Sets a tag, in place of a value that was there.
    public func setTag(_ key: String, to value: FieldValue) { state.withLock { $0.tags[key] = value } }

    /// Keeps a log record.
    public func log(_ fields: Fields, at timestamp: Double?) {
        let record = LogRecord(fields: fields, timestamp: timestamp ?? owner.now())
        state.withLock { $0.logs.append(record) }
    }

    /// Sets a baggage item; nil is kept as a value.
    public func setBaggageItem(_ key: String, to value: String?) {
        state.withLock { $0.context.baggageItems[key] = .some(value) }
    }

    /// A baggage item.
    public func baggageItem(_ key: String) -> String? { state.withLock { $0.context.baggageItems[key] ?? nil } }

    /// Ends the span and hands it to the tracer. Each call does so, and the last one decides the time.
    public func finish(at time: Double?) {
        let time = time ?? owner.now()
        state.withLock { $0.finishTime = time }
        owner.record(self)
    }
}

extension MockSpan: CustomStringConvertible {
    /// `name(span, parent)`, as the testbed writes it.
    public var description: String {
        "\(operationName)(\(mockContext.spanID),\(parentID.map(String.init) ?? "-"))"
    }
}

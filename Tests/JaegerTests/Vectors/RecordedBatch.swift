import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

/// A process and its spans as the vectors write them.
struct RecordedBatch {
    var process: JaegerProcess
    var spans: [SpanRecord]

    init(_ given: JSONObject) throws {
        process = try JaegerProcess(recorded: #require(given["process"]?.object))
        spans = try #require(given["spans"]?.array).map { try SpanRecord(recorded: #require($0.object)) }
    }
}

extension JaegerProcess {
    init(recorded given: JSONObject) throws {
        try given.allow("service_name", "tags")
        try self.init(serviceName: given.text("service_name"), tags: TypedValues.fields(given, "tags"))
    }
}

extension SpanRecord {
    init(recorded given: JSONObject) throws {
        try given.allow(
            "trace_id_high",
            "trace_id_low",
            "span_id",
            "parent_span_id",
            "operation_name",
            "references",
            "flags",
            "start_time_us",
            "duration_us",
            "tags",
            "logs"
        )
        try self.init(
            traceID: Self.traceID(given),
            spanID: number(given.text("span_id"), as: UInt64.self),
            parentID: number(given.text("parent_span_id"), as: UInt64.self),
            flags: SpanFlags(rawValue: UInt8(truncatingIfNeeded: given["flags"]?.int ?? 0)),
            operationName: given.text("operation_name"),
            // Of a context without ids the reference makes a reference that is no valid Thrift; here it is left out.
            references: given["references"]?.array?.filter { $0["span_id"]?.isNull != true }.map { json in
                let given = try #require(json.object)
                return try Reference(
                    .init(rawValue: given.text("type")),
                    traceID: Self.traceID(given),
                    spanID: number(given.text("span_id"), as: UInt64.self)
                )
            },
            startTime: Int64(#require(given["start_time_us"]?.int)),
            duration: Int64(#require(given["duration_us"]?.int)),
            tags: TypedValues.fields(given, "tags"),
            logs: #require(given["logs"]?.array).map { json in
                let given = try #require(json.object)
                return try Log(
                    timestamp: Int64(#require(given["timestamp_us"]?.int)),
                    fields: TypedValues.fields(given, "fields")
                )
            }
        )
    }

    private static func traceID(_ given: JSONObject) throws -> UInt128 {
        let (high, low) = try (given.text("trace_id_high"), given.text("trace_id_low"))
        return try number(high, as: UInt128.self) << 64 | number(low, as: UInt128.self)
    }
}

import Kser
import OpenTracing

/// `metadata.__parent-span__` of kser up to 0.8.22: the numbers of the span, its name, and the tags it began with. Its
/// readers fail when one of the seven fields is not there.
enum ParentSpanCarrier {
    static let key = ReservedMetadata.parentSpan

    /// Who the span is; nil for a carrier without numbers.
    static func identity(_ carrier: JSONObject) -> TraceIdentity? {
        guard let trace = carrier["trace_id"]?.unsigned, let span = carrier["span_id"]?.unsigned, trace != 0, span != 0
        else { return nil }
        return TraceIdentity(
            traceID: UInt128(trace),
            spanID: span,
            parentID: carrier["parent_id"]?.unsigned ?? 0,
            flags: carrier["flags"]?.unsigned.map { UInt8(truncatingIfNeeded: $0) } ?? 1
        )
    }

    /// The carrier of a span.
    static func carrier(_ identity: TraceIdentity, _ frame: SpanFrame) -> JSON {
        let tags = JSONObject(frame.tags.map { (key: $0.key, value: JSON($0.value)) })
        return .object([
            "trace_id": JSON(unsigned: UInt64(truncatingIfNeeded: identity.traceID)),
            "span_id": JSON(unsigned: identity.spanID),
            "parent_id": identity.parentID == 0 ? nil : JSON(unsigned: identity.parentID),
            "flags": .integer(Int64(identity.flags)),
            "operation_name": .string(frame.name),
            "start_time": .double(frame.startTime),
            "tags": .object(tags),
        ])
    }
}

extension JSON {
    fileprivate var unsigned: UInt64? {
        switch self {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        default: nil
        }
    }

    fileprivate init(unsigned number: UInt64) {
        self = Int64(exactly: number).map(JSON.integer) ?? .unsigned(number)
    }

    fileprivate init(_ value: FieldValue) {
        switch value {
        case .null: self = .null
        case .bool(let truth): self = .bool(truth)
        case .integer(let number): self = .integer(number)
        case .double(let number): self = number.isFinite ? .double(number) : .null
        case .string, .binary, .object: self = .string(value.text)
        }
    }
}

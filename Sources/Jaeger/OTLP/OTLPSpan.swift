import OpenTracing

/// A span as OpenTelemetry has it.
struct OTLPSpan {
    struct Event {
        var time: UInt64
        var name: String
        var attributes: Fields
    }

    struct Link {
        var traceID: UInt128
        var spanID: UInt64
        var attributes: Fields
    }

    enum Kind: Int { case unspecified, `internal`, server, client, producer, consumer }

    enum Status: Int { case unset, ok, error }

    var traceID: UInt128
    var spanID: UInt64
    /// 0 when there is none.
    var parentID: UInt64
    var traceState: String
    var name: String
    var kind = Kind.unspecified
    /// Nanoseconds since the epoch.
    var start: UInt64
    var end: UInt64
    var attributes: Fields
    var events: [Event]
    var links: [Link]
    var dropped = SpanRecord.Dropped()
    var status = Status.unset
    var statusMessage = ""
}

extension OTLPSpan {
    /// A span of Jaeger's, by the rules by which Jaeger's own backend makes OpenTelemetry's of it.
    init(_ record: SpanRecord) {
        traceID = record.traceID
        spanID = record.spanID
        parentID = Self.parent(of: record)
        traceState = record.traceState.header
        name = record.operationName
        start = UInt64(nanosecondsOf: record.startTime)
        end = UInt64(nanosecondsOf: record.startTime &+ record.duration)
        attributes = record.tags.lastOfEachKey
        events = record.logs.map { log in
            var fields = log.fields.lastOfEachKey
            let name = fields[LogFields.event]
            fields[LogFields.event] = nil
            let text = if case .string(let text) = name { text } else { "" }
            return Event(time: UInt64(nanosecondsOf: log.timestamp), name: text, attributes: fields)
        }
        let (traceID, parentID) = (traceID, parentID)
        links = (record.references ?? []).compactMap { reference in
            let isParent = reference.traceID == traceID && reference.spanID == parentID
            if isParent, reference.kind == .childOf { return nil }
            let kind = reference.kind == .childOf ? Reference.Kind.childOf : .followsFrom
            return Link(
                traceID: reference.traceID,
                spanID: reference.spanID,
                attributes: ["opentracing.ref_type": kind.rawValue]
            )
        }
        dropped = record.dropped
        takeKind()
        takeStatus()
        if case .string(let state) = attributes["w3c.tracestate"] {
            traceState = state
            attributes["w3c.tracestate"] = nil
        }
    }

    private static func parent(of record: SpanRecord) -> UInt64 {
        if record.parentID != 0 { return record.parentID }
        let references = (record.references ?? []).filter { $0.traceID == record.traceID }
        return (references.first { $0.kind == .childOf } ?? references.first)?.spanID ?? 0
    }

    private mutating func takeKind() {
        guard let tag = attributes[Tags.spanKind] else { return }
        attributes[Tags.spanKind] = nil
        switch tag {
        case .string(Tags.spanKindRPCClient): kind = .client
        case .string(Tags.spanKindRPCServer): kind = .server
        case .string(Tags.spanKindProducer): kind = .producer
        case .string(Tags.spanKindConsumer): kind = .consumer
        case .string("internal"): kind = .internal
        default: break
        }
    }

    private mutating func takeStatus() {
        let code = attributes["otel.status_code"]
        attributes["otel.status_code"] = nil
        let httpMessage = if case .string(let text) = attributes["http.status_message"] { text } else { "" }
        if attributes[Tags.error] == .bool(true) {
            attributes[Tags.error] = nil
            status = .error
            if case .string(let text) = attributes["otel.status_description"] {
                attributes["otel.status_description"] = nil
                statusMessage = text
            } else {
                statusMessage = httpMessage
            }
        } else if case .string(let text) = code, ["OK", "ERROR"].contains(text.uppercased()) {
            status = text.uppercased() == "OK" ? .ok : .error
            if case .string(let text) = attributes["otel.status_description"] {
                attributes["otel.status_description"] = nil
                statusMessage = text
            }
        } else if let number = attributes[Tags.httpStatusCode]?.wholeNumber {
            let isFine = (100..<399).contains(number) || (400..<500).contains(number) && kind == .server
            status = isFine ? .unset : .error
            statusMessage = httpMessage
        }
    }
}

/// What all spans of a process share, as OpenTelemetry has it.
struct OTLPResource {
    var attributes: Fields

    init(_ process: JaegerProcess) {
        attributes = [:]
        if !process.serviceName.isEmpty { attributes["service.name"] = .string(process.serviceName) }
        for tag in process.tags where !(tag.key == "service.name" && !process.serviceName.isEmpty) {
            attributes[tag.key] = tag.value
        }
        rename("hostname", to: "host.name") { $0 }
        rename("jaeger.version", to: "opencensus.exporterversion") { .string("Jaeger-\($0.text)") }
    }

    private mutating func rename(_ old: String, to new: String, _ change: (FieldValue) -> FieldValue) {
        guard let value = attributes[old], attributes[new] == nil else { return }
        attributes[old] = nil
        attributes[new] = change(value)
    }
}

extension Fields {
    /// The fields with one of each key: its last value, where the first was.
    fileprivate var lastOfEachKey: Fields {
        var places: TextDictionary<Int> = [:]
        var fields: [Field] = []
        for field in self {
            if let place = places[field.key] {
                fields[place].value = field.value
            } else {
                places[field.key] = fields.count
                fields.append(field)
            }
        }
        return Fields(fields)
    }
}

extension UInt64 {
    /// Microseconds as nanoseconds; what does not fit becomes the nearest that does.
    fileprivate init(nanosecondsOf microseconds: Int64) {
        let (product, overflows) = microseconds.multipliedReportingOverflow(by: 1000)
        self = microseconds < 0 ? 0 : overflows ? .max : UInt64(product)
    }
}

import OpenTracing

/// How much a span holds, and how values are made fit to be sent: null and objects become text, and long text is cut.
struct SpanLimits: Sendable {
    let maxTagValueLength: Int
    let maxTracebackLength: Int
    let maxTags: Int
    let maxLogs: Int
    let maxFields: Int
    let maxReferences: Int

    init(_ options: JaegerTracerOptions) {
        maxTagValueLength = options.maxTagValueLength
        maxTracebackLength = options.maxTracebackLength
        maxTags = max(0, options.maxTagCount)
        maxLogs = max(0, options.maxLogCount)
        maxFields = max(0, options.maxLogFieldCount)
        maxReferences = max(0, options.maxReferenceCount)
    }

    func value(_ value: FieldValue, of key: String) -> FieldValue {
        let limit = limit(of: key)
        return switch value {
        case .bool, .integer, .double: value
        case .binary(let bytes): bytes.count <= limit ? value : .binary(Array(bytes.prefix(limit)))
        case .string(let text) where text.utf8.count <= limit: value
        case .string(let text): .string(cut(text, to: limit))
        // What Jaeger's other clients write.
        case .null: .string(cut("None", to: limit))
        case .object: .string(cut(value.text, to: limit))
        }
    }

    func fields(_ fields: Fields) -> Fields {
        Fields(fields.lazy.map { Fields.Field($0.key, value($0.value, of: $0.key)) })
    }

    /// How many characters of Unicode, or bytes, a value may have.
    func limit(of key: String) -> Int { max(0, key == LogFields.stack ? maxTracebackLength : maxTagValueLength) }

    /// Cuts between two characters of Unicode, not only between what people see as one: as the other clients do.
    private func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex) else {
            return text
        }
        return String(scalars[..<end])
    }
}

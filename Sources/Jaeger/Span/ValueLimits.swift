import OpenTracing

/// How values are made fit to be sent: null and objects become text, and long text is cut.
struct ValueLimits: Sendable {
    var maxTagValueLength = 1024
    var maxTracebackLength = 4096

    func value(_ value: FieldValue, of key: String) -> FieldValue {
        switch value {
        case .bool, .integer, .double: value
        case .binary(let bytes):
            bytes.count <= maxTagValueLength ? value : .binary(Array(bytes.prefix(maxTagValueLength)))
        case .string(let text) where text.utf8.count <= maxTagValueLength: value
        case .string(let text): .string(cut(text, of: key))
        // What Jaeger's other clients write.
        case .null: .string(cut("None", of: key))
        case .object: .string(cut(value.text, of: key))
        }
    }

    func fields(_ fields: Fields) -> Fields {
        Fields(fields.lazy.map { Fields.Field($0.key, value($0.value, of: $0.key)) })
    }

    /// Cuts between two characters of Unicode, not only between what people see as one: as the other clients do.
    private func cut(_ text: String, of key: String) -> String {
        let limit = key == LogFields.stack ? maxTracebackLength : maxTagValueLength
        guard text.utf8.count > limit else { return text }
        let scalars = text.unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex) else {
            return text
        }
        return String(scalars[..<end])
    }
}

import OpenTracing

extension FieldValue {
    /// The value as a whole number, as `sampling.priority` is read: what is behind the point is cut. Nil when it is no number.
    var wholeNumber: Int64? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        case .double(let value): Int64(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? nil : 1)
        case .string(let value): Int64(value.trimmingBlanks)
        case .null, .binary, .object: nil
        }
    }

    /// Whether the value is neither nothing, false, 0 nor empty.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .double(let value): value != 0
        case .string(let value): !value.isEmpty
        case .binary(let value): !value.isEmpty
        case .object: true
        }
    }
}

/// The value of a tag or of a log field.
///
/// Literals become values by themselves, and so does everything that is ``FieldValueConvertible``:
///
///     span.setTag("roll", 6).setTag("name", name)
public enum FieldValue: Sendable {
    /// Nothing: Python's `None`.
    case null
    /// Text.
    case string(String)
    /// `true` or `false`.
    case bool(Bool)
    /// An integer.
    case integer(Int64)
    /// A floating-point number.
    case double(Double)
    /// Bytes.
    case binary([UInt8])
    /// Anything else, such as the error of a log record; tracers write its ``text``.
    indirect case object(any Sendable)

    /// The value as text.
    public var text: String {
        switch self {
        case .null: "nil"
        case .string(let value): value
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .double(let value): String(value)
        case .binary(let value): String(decoding: value, as: UTF8.self)
        case .object(let value): String(describing: value)
        }
    }
}

extension FieldValue: Equatable {
    /// Whether both are of one kind and have the same content. Objects are the same when their types and texts are.
    public static func == (left: FieldValue, right: FieldValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.string(let left), .string(let right)): left == right
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.binary(let left), .binary(let right)): left == right
        case (.object(let left), .object(let right)):
            type(of: left) == type(of: right) && String(describing: left) == String(describing: right)
        default: false
        }
    }
}

extension FieldValue: ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByNilLiteral
{
    /// Makes a ``string(_:)``.
    @inlinable public init(stringLiteral value: String) { self = .string(value) }
    /// Makes a ``bool(_:)``.
    @inlinable public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes an ``integer(_:)``.
    @inlinable public init(integerLiteral value: Int64) { self = .integer(value) }
    /// Makes a ``double(_:)``.
    @inlinable public init(floatLiteral value: Double) { self = .double(value) }
    /// Makes ``null``.
    @inlinable public init(nilLiteral: ()) { self = .null }
}

/// A JSON value, as it travels in params, retval, metadata and error extras.
///
/// Integers and floats stay apart, as they do in Python: `1` and `1.0` are different values and are written differently.
public enum JSON: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// An integer in the range of `Int64`.
    case integer(Int64)
    /// An integer above `Int64.max` in the range of `UInt64`; smaller ones are always ``integer(_:)``.
    case unsigned(UInt64)
    /// An integer beyond 64 bits, as its decimal digits: kept and written back unchanged, never computed with. So is a
    /// fraction whose digits are not those of a `Double`, such as `99999999999999.99`; ``double`` rounds it.
    case bigInteger(String)
    /// A finite number written with a fraction or an exponent.
    case double(Double)
    /// Text.
    case string(String)
    /// A list.
    case array([JSON])
    /// An object.
    case object(JSONObject)
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// Makes ``null``.
    public init(nilLiteral: ()) { self = .null }
    /// Makes a ``bool(_:)``.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes an ``integer(_:)``.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// Makes a ``double(_:)``.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// Makes a ``string(_:)``.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Makes an ``array(_:)``.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// Makes an ``object(_:)``; of two equal keys the last one counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { (key: $0.0, value: $0.1) }))
    }
}

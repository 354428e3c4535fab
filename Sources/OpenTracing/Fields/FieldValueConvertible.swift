/// What can be the value of a tag or of a log field as it is: text, truth values and numbers.
public protocol FieldValueConvertible: Sendable {
    /// The value.
    var fieldValue: FieldValue { get }
}

extension FieldValue: FieldValueConvertible {
    /// The value itself.
    @inlinable public var fieldValue: FieldValue { self }
}

extension String: FieldValueConvertible {
    /// A ``FieldValue/string(_:)``.
    @inlinable public var fieldValue: FieldValue { .string(self) }
}

extension Substring: FieldValueConvertible {
    /// A ``FieldValue/string(_:)``.
    @inlinable public var fieldValue: FieldValue { .string(String(self)) }
}

extension Bool: FieldValueConvertible {
    /// A ``FieldValue/bool(_:)``.
    @inlinable public var fieldValue: FieldValue { .bool(self) }
}

extension Double: FieldValueConvertible {
    /// A ``FieldValue/double(_:)``.
    @inlinable public var fieldValue: FieldValue { .double(self) }
}

extension Float: FieldValueConvertible {
    /// A ``FieldValue/double(_:)``.
    @inlinable public var fieldValue: FieldValue { .double(Double(self)) }
}

extension FieldValueConvertible where Self: BinaryInteger {
    /// A ``FieldValue/integer(_:)``, or a ``FieldValue/string(_:)`` of its digits when it exceeds `Int64`.
    @inlinable public var fieldValue: FieldValue {
        Int64(exactly: self).map(FieldValue.integer) ?? .string(String(self))
    }
}

extension Int: FieldValueConvertible {}
extension Int8: FieldValueConvertible {}
extension Int16: FieldValueConvertible {}
extension Int32: FieldValueConvertible {}
extension Int64: FieldValueConvertible {}
extension UInt: FieldValueConvertible {}
extension UInt8: FieldValueConvertible {}
extension UInt16: FieldValueConvertible {}
extension UInt32: FieldValueConvertible {}
extension UInt64: FieldValueConvertible {}

extension Optional: FieldValueConvertible where Wrapped: FieldValueConvertible {
    /// The value inside, or ``FieldValue/null``.
    @inlinable public var fieldValue: FieldValue { self?.fieldValue ?? .null }
}

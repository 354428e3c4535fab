import Foundation
import OpenTracing

/// A value of a configuration dictionary, which may be text where a number is meant.
package enum Setting {
    case null
    case bool(Bool)
    case integer(Int)
    case double(Double)
    case string(String)
    case dictionary([String: Any])
    case other

    /// A truth value goes first: what Foundation read from JSON would pass for a number too.
    package init(_ value: Any?) {
        switch value {
        case nil, is NSNull: self = .null
        case let value as Bool: self = .bool(value)
        case let value as Int: self = .integer(value)
        case let value as Double: self = .double(value)
        case let value as String: self = .string(value)
        case let value as [String: Any]: self = .dictionary(value)
        default: self = .other
        }
    }

    /// `false`, `0` and `none` are false, `true` and `1` true, in any case; other values are the default.
    package func bool(default value: Bool) -> Bool {
        let text: String
        switch self {
        case .null: return false
        case .bool(let truth): return truth
        case .integer(let number): text = String(number)
        case .string(let string): text = string.lowercased()
        case .double, .dictionary, .other: return value
        }
        return ["false", "0", "none"].contains(text) ? false : ["true", "1"].contains(text) ? true : value
    }

    var integer: Int? {
        switch self {
        case .integer(let number): number
        case .double(let number): Int(exactly: number.rounded(.towardZero))
        case .string(let text): Int(text.trimmingBlanks)
        default: nil
        }
    }

    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .double(let number): number
        case .string(let text): Double(text.trimmingBlanks)
        default: nil
        }
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }

    var fieldValue: FieldValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(Int64(value))
        case .double(let value): .double(value)
        case .string(let value): .string(value)
        case .dictionary(let value): .string("\(value)")
        case .other: .null
        }
    }
}

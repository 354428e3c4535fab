import Foundation

/// A number of JSON by its digits, for types that a `Double` would take some from.
struct NumberText {
    private let text: String

    init(_ text: String) { self.text = text }

    /// The number that starts at a place of a valid text.
    init(startingAt start: Int, in text: [UInt8]) {
        self.text = String(decoding: text[start...].prefix(while: \.isPartOfNumber), as: UTF8.self)
    }

    /// The digits of an integer, which has neither a fraction nor an exponent; nil for others.
    var integerDigits: String? { text.utf8.contains(where: \.isOfFloat) ? nil : text }

    /// The value: the double that it was rounded to, or all of the digits where they are not those of the double.
    func json(rounded double: Double) -> JSON {
        if let integerDigits { return .bigInteger(integerDigits) }
        if double == StandIn.value { return .double(Double(text) ?? double) }
        return isRounding(of: double) ? .double(double) : .bigInteger(text)
    }

    /// Whether the digits are the first ones of a double, rounded: someone wrote a double.
    private func isRounding(of double: Double) -> Bool {
        // Any 15 digits are the first ones of some double.
        if text.utf8.count < 16 || text == double.description { return true }
        if double.isFinite, NumberText(double.description).order(to: self) == 0 { return true }
        let mantissa = text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        let digits = mantissa.filter(\.isDigit).drop { $0 == UInt8(ascii: "0") }
        // No double has more.
        guard digits.count > 15, digits.count < 1100 else { return digits.count <= 15 }
        let all = String(format: "%.*e", digits.count - 1, double)
        return all.utf8.prefix { $0 != UInt8(ascii: "e") }.filter(\.isDigit).elementsEqual(digits)
    }

    /// The nearest float, infinite beyond the range of the type.
    func float<T: LosslessStringConvertible>(_: T.Type) -> T? { T(text) }

    /// The decimal number; 38 digits of it. Nil beyond the range of `Decimal`.
    var decimal: Decimal? { Decimal(string: text, locale: nil) }

    /// The integer; nil when it is none or out of range.
    ///
    /// As for Foundation, a fraction too small for a `Double` does not count below 2^53.
    func integer<T: FixedWidthInteger>(_: T.Type) -> T? {
        if let digits = integerDigits { return T(digits) }
        if let exact = exactInteger(T.self) { return exact }
        guard let double = Double(text), abs(double) < 0x1p53 else { return nil }
        return T(exactly: double)
    }

    private func exactInteger<T: FixedWidthInteger>(_: T.Type) -> T? {
        let parts = parts
        if parts.digits.isEmpty { return 0 }
        let zeros = parts.exponent - parts.digits.count
        guard zeros >= 0, zeros <= 40 else { return nil }
        let sign = parts.isNegative ? "-" : ""
        return T(sign + String(decoding: parts.digits, as: UTF8.self) + String(repeating: "0", count: zeros))
    }

    /// How the number compares to another, exactly: below 0, 0 or above.
    func order(to other: NumberText) -> Int {
        let (left, right) = (parts, other.parts)
        if left.sign != right.sign { return left.sign - right.sign }
        if left.exponent != right.exponent { return left.exponent < right.exponent ? -left.sign : left.sign }
        if left.digits.elementsEqual(right.digits) { return 0 }
        return left.digits.lexicographicallyPrecedes(right.digits) ? -left.sign : left.sign
    }

    /// The number as `0.digits` times a power of ten, without zeros at the ends of the digits; no digits for zero.
    private var parts: (isNegative: Bool, digits: ArraySlice<UInt8>, exponent: Int, sign: Int) {
        let isNegative = text.hasPrefix("-")
        let halves = text.utf8.drop { $0 == UInt8(ascii: "-") }
            .split(omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
        let mantissa = halves[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let all = Array(mantissa.joined())
        var digits = all.drop { $0 == UInt8(ascii: "0") }
        // Far from what any number here has, and from what would overflow.
        let bound = 1 << 40
        let power = halves.count > 1 ? Int(Substring(halves[1])) ?? bound : 0
        let exponent = min(max(power, -bound), bound) + mantissa[0].count - (all.count - digits.count)
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        if digits.isEmpty { return (false, [], 0, 0) }
        return (isNegative, digits, exponent, isNegative ? -1 : 1)
    }
}

extension JSON {
    /// How the number compares to another, exactly: below 0, 0 or above. Nil when one of them is no number.
    func numericOrder(to other: JSON) -> Int? {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left < right ? -1 : left > right ? 1 : 0
        case (.double(let left), .double(let right)): return left < right ? -1 : left > right ? 1 : 0
        default:
            guard let left = exactNumber, let right = other.exactNumber else { return nil }
            return left.order(to: right)
        }
    }

    private var exactNumber: NumberText? {
        switch self {
        case .integer(let number): NumberText("\(number)")
        case .unsigned(let number): NumberText("\(number)")
        case .bigInteger(let digits): NumberText(digits)
        case .double(let number): NumberText(String(format: "%.800g", number))
        default: nil
        }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    fileprivate var isOfFloat: Bool { self == UInt8(ascii: ".") || self | 0x20 == UInt8(ascii: "e") }
}

/// A type of number that is made of digits, where a `Double` would take some from it.
protocol ExactNumber {
    /// Nil when the type has no such number.
    init?(_ number: NumberText)
}

extension ExactNumber where Self: FixedWidthInteger {
    init?(_ number: NumberText) {
        guard let value = number.integer(Self.self) else { return nil }
        self = value
    }
}

extension ExactNumber where Self: BinaryFloatingPoint & LosslessStringConvertible {
    init?(_ number: NumberText) {
        guard let value = number.float(Self.self), value.isFinite else { return nil }
        self = value
    }
}

extension Int: ExactNumber {}
extension Int8: ExactNumber {}
extension Int16: ExactNumber {}
extension Int32: ExactNumber {}
extension Int64: ExactNumber {}
extension Int128: ExactNumber {}
extension UInt: ExactNumber {}
extension UInt8: ExactNumber {}
extension UInt16: ExactNumber {}
extension UInt32: ExactNumber {}
extension UInt64: ExactNumber {}
extension UInt128: ExactNumber {}
extension Float: ExactNumber {}
extension Double: ExactNumber {}

extension Decimal: ExactNumber {
    init?(_ number: NumberText) {
        guard let value = number.decimal else { return nil }
        self = value
    }
}

/// What stands in a text for a number that simdjson does not read: an integer beyond 64 bits, or a float beyond the range
/// of `Double`.
enum StandIn {
    /// A number in its own right is looked up too, and found to be this.
    static let value = 1e-99
    /// No longer than any number that it stands for.
    static let text = Array("1e-99".utf8)
}

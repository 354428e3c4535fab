import CSimdjson
import Foundation

/// Why an element is not a plain value of a type.
enum Mismatch: Error {
    case wrong, unrepresentable
    /// Only its digits tell.
    case inexact
}

extension kser_json_element {
    @inline(__always)
    func boolean() throws(Mismatch) -> Bool {
        guard let bool else { throw .wrong }
        return bool
    }

    @inline(__always)
    func string() throws(Mismatch) -> String {
        guard let text else { throw .wrong }
        return text.string
    }

    @inline(__always)
    func integer<T: FixedWidthInteger>(_: T.Type) throws(Mismatch) -> T {
        let number: T?
        if let int64 {
            number = T(exactly: int64)
        } else if let uint64 {
            number = T(exactly: uint64)
        } else {
            throw double == nil ? .wrong : .inexact
        }
        guard let number else { throw .unrepresentable }
        return number
    }

    @inline(__always)
    func float() throws(Mismatch) -> Double {
        guard let double else { throw .wrong }
        if double == StandIn.value { throw .inexact }
        return double
    }

    func float32() throws(Mismatch) -> Float {
        // A big number must be rounded once only.
        if let int64 { return Float(int64) }
        if let uint64 { return Float(uint64) }
        let double = try float()
        let number = Float(double)
        // Half way between two: the digits that the double does not have decide.
        if double.bitPattern & 0xFFF_FFFF == 0, Double(number) != double { throw .inexact }
        guard number.isFinite else { throw .unrepresentable }
        return number
    }

    func decimal() throws(Mismatch) -> Decimal {
        if let int64 { return Decimal(int64) }
        if let uint64 { return Decimal(uint64) }
        throw double == nil ? .wrong : .inexact
    }

    var isNull: Bool { type == .null }
}

extension TapeDecoder {
    typealias Path = () -> [any CodingKey]

    /// A plain value, or the error that says why not. `null` is the type that a null fails to be.
    @inline(__always)
    func plain<T>(
        _ element: kser_json_element,
        _ path: @autoclosure Path,
        null type: Any.Type = T.self,
        _ read: (kser_json_element) throws(Mismatch) -> T
    ) throws -> T {
        do { return try withExtendedLifetime(self) { () throws(Mismatch) in try read(element) } } catch {
            if error == .inexact, let exact: T = exact(element) { return exact }
            throw mismatch(error, element.isNull ? type : T.self, element, path())
        }
    }

    private func exact<T>(_ element: kser_json_element) -> T? {
        (T.self as? any ExactNumber.Type)?.init(document.digits(of: element)) as? T
    }

    /// Any value: the types that have a form of their own in JSON, the common ones that need no container, and all
    /// others by their own decoding, for which `child` makes the decoder.
    func value<T: Decodable>(
        _ type: T.Type,
        _ element: kser_json_element,
        _ path: @autoclosure Path,
        _ child: @autoclosure () -> TapeDecoder
    ) throws -> T {
        if type == String.self { return same(try plain(element, path()) { e throws(Mismatch) in try e.string() }) }
        if type == Int.self {
            return same(try plain(element, path()) { e throws(Mismatch) in try e.integer(Int.self) })
        }
        if type == Double.self {
            return same(try plain(element, path()) { e throws(Mismatch) in try e.float() })
        }
        if type == Bool.self { return same(try plain(element, path()) { e throws(Mismatch) in try e.boolean() }) }
        if type == [String].self, let list = list(element, { e throws(Mismatch) in try e.string() }) {
            return same(list)
        }
        if type == [Int].self, let list = list(element, { e throws(Mismatch) in try e.integer(Int.self) }) {
            return same(list)
        }
        if type == [Double].self, let list = list(element, { e throws(Mismatch) in try e.float() }) {
            return same(list)
        }
        if type == JSONObject.self, element.type == .object {
            return same(JSONObject(JSONNode(document: document, element: element)))
        }
        if type == JSON.self { return same(JSONNode(document: document, element: element).json) }
        if type == Date.self { return same(try date(element, path())) }
        if type == Decimal.self { return same(try plain(element, path()) { e throws(Mismatch) in try e.decimal() }) }
        if type == Data.self {
            return same(try converted(element, path(), "expected base64, found other text") { Data(base64Encoded: $0) })
        }
        if type == URL.self {
            return same(try converted(element, path(), "expected a URL, found other text") { URL(string: $0) })
        }
        return try T(from: child())
    }

    /// A list of plain values; nil leaves it, and its errors, to the type's own decoding.
    @inline(__always)
    private func list<T>(_ element: kser_json_element, _ read: (kser_json_element) throws(Mismatch) -> T) -> [T]? {
        withExtendedLifetime(self) {
            guard element.type == .array else { return nil }
            var values: [T] = []
            values.reserveCapacity(element.count)
            do throws(Mismatch) {
                try element.forEachElement { (element) throws(Mismatch) in values.append(try read(element)) }
            } catch { return nil }
            return values
        }
    }

    private func date(_ element: kser_json_element, _ path: @autoclosure Path) throws -> Date {
        if dateStrategy == .iso8601 {
            return try converted(element, path(), "expected a date as in ISO 8601, found other text") {
                DateStrategy.date(iso8601: $0)
            }
        }
        return dateStrategy.date(try plain(element, path(), null: Date.self) { e throws(Mismatch) in try e.float() })
    }

    private func converted<T>(
        _ element: kser_json_element,
        _ path: @autoclosure Path,
        _ reason: String,
        _ convert: (String) -> T?
    ) throws -> T {
        let text = try plain(element, path(), null: T.self) { e throws(Mismatch) in try e.string() }
        guard let value = convert(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: path(), debugDescription: reason))
        }
        return value
    }
}

/// A value whose type is `T` under another name: the caller has compared the two.
@inline(__always)
private func same<V, T>(_ value: V) -> T { unsafeBitCast(value, to: T.self) }

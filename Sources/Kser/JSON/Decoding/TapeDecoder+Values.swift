import CSimdjson
import Foundation

/// Why an element is not a plain value of a type.
enum Mismatch: Error {
    case wrong, unrepresentable
}

extension kser_json_element {
    @inline(__always)
    func boolean() throws(Mismatch) -> Bool {
        guard type == .bool else { throw .wrong }
        return kser_json_bool(self)
    }

    @inline(__always)
    func string() throws(Mismatch) -> String {
        guard type == .string else { throw .wrong }
        return text.string
    }

    @inline(__always)
    func integer<T: FixedWidthInteger>(_: T.Type) throws(Mismatch) -> T {
        let number: T? =
            switch type {
            case .int64: T(exactly: kser_json_int64(self))
            case .uint64: T(exactly: kser_json_uint64(self))
            case .double: T(exactly: kser_json_double(self))
            default: throw .wrong
            }
        guard let number else { throw .unrepresentable }
        return number
    }

    @inline(__always)
    func float<T: BinaryFloatingPoint>(_: T.Type) throws(Mismatch) -> T {
        let number: T =
            switch type {
            case .int64: T(kser_json_int64(self))
            case .uint64: T(kser_json_uint64(self))
            case .double: T(kser_json_double(self))
            default: throw .wrong
            }
        guard number.isFinite else { throw .unrepresentable }
        return number
    }

    func decimal() throws(Mismatch) -> Decimal {
        switch type {
        case .int64: return Decimal(kser_json_int64(self))
        case .uint64: return Decimal(kser_json_uint64(self))
        case .double:
            // By way of the shortest digits: Decimal(Double) is not exact.
            guard let number = Decimal(string: "\(kser_json_double(self))", locale: nil) else { throw .unrepresentable }
            return number
        default: throw .wrong
        }
    }

    var isNull: Bool { type == .null }
}

extension TapeDecoder {
    typealias Path = () -> [any CodingKey]

    /// A plain value, or the error that says why not.
    @inline(__always)
    func plain<T>(
        _ element: kser_json_element,
        _ path: @autoclosure Path,
        _ read: (kser_json_element) throws(Mismatch) -> T
    ) throws -> T {
        do { return try withExtendedLifetime(self) { () throws(Mismatch) in try read(element) } } catch {
            throw mismatch(error, T.self, element, path())
        }
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
            return same(try plain(element, path()) { e throws(Mismatch) in try e.float(Double.self) })
        }
        if type == Bool.self { return same(try plain(element, path()) { e throws(Mismatch) in try e.boolean() }) }
        if type == [String].self, let list = list(element, { e throws(Mismatch) in try e.string() }) {
            return same(list)
        }
        if type == [Int].self, let list = list(element, { e throws(Mismatch) in try e.integer(Int.self) }) {
            return same(list)
        }
        if type == [Double].self, let list = list(element, { e throws(Mismatch) in try e.float(Double.self) }) {
            return same(list)
        }
        if type == JSONObject.self, element.type == .object {
            return same(JSONObject(JSONNode(document: document, element: element)))
        }
        if type == JSON.self { return same(JSONNode(document: document, element: element).json) }
        if type == Date.self {
            let seconds = try plain(element, path()) { e throws(Mismatch) in try e.float(Double.self) }
            return same(Date(timeIntervalSinceReferenceDate: seconds))
        }
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

    private func converted<T>(
        _ element: kser_json_element,
        _ path: @autoclosure Path,
        _ reason: String,
        _ convert: (String) -> T?
    ) throws -> T {
        let text = try plain(element, path()) { e throws(Mismatch) in try e.string() }
        guard let value = convert(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: path(), debugDescription: reason))
        }
        return value
    }
}

/// A value whose type is `T` under another name: the caller has compared the two.
@inline(__always)
private func same<V, T>(_ value: V) -> T { unsafeBitCast(value, to: T.self) }

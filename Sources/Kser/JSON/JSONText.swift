/// A strict parser for what simdjson refuses: it says what is wrong and where, and reads integers of any size.
///
/// It accepts what simdjson accepts, and integers of up to 4300 digits. A first pass over the text builds nothing, so
/// that long broken texts cost no memory.
struct JSONText {
    struct Fault: Error {
        let reason: String
        let place: Int
    }

    static let maximumDigits = 4300

    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0
    private let builds: Bool
    private var depth = 0
    /// Whether a float was beyond the range of `Double`: it is infinite in the value.
    private var overflows = false

    private init(_ bytes: UnsafeBufferPointer<UInt8>, builds: Bool) {
        self.bytes = bytes
        self.builds = builds
    }

    /// The value of a text. Floats beyond the range of `Double` are infinite in it, and then `overflows` is true.
    ///
    /// - Throws: ``KserError`` of kind `internal` with the reason in Python's words, line, column and character.
    static func parse(_ bytes: [UInt8]) throws -> (value: JSON, overflows: Bool) {
        try bytes.withUnsafeBufferPointer { buffer in
            do throws(Fault) {
                try checkEncoding(buffer)
                var check = JSONText(buffer, builds: false)
                _ = try check.document()
                var text = JSONText(buffer, builds: true)
                return (try text.document(), text.overflows)
            } catch {
                throw KserError.internal("\(error.reason): \(position(of: error.place, in: buffer))")
            }
        }
    }

    private mutating func document() throws(Fault) -> JSON {
        let value = try value()
        skipBlanks()
        if place < bytes.count { throw Fault(reason: "Extra data", place: place) }
        return value
    }

    private mutating func value() throws(Fault) -> JSON {
        skipBlanks()
        switch peek {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""):
            let text = try string()
            return builds ? .string(text) : .null
        case UInt8(ascii: "-"): return try number()
        case let byte? where UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "n") where take("null"): return .null
        case UInt8(ascii: "t") where take("true"): return .bool(true)
        case UInt8(ascii: "f") where take("false"): return .bool(false)
        default: throw Fault(reason: "Expecting value", place: place)
        }
    }

    private mutating func object() throws(Fault) -> JSON {
        place += 1
        skipBlanks()
        if take("}") { return .object([:]) }
        try enter()
        var entries = JSONEntries()
        repeat {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else {
                throw Fault(reason: "Expecting property name enclosed in double quotes", place: place)
            }
            let key = try string()
            skipBlanks()
            guard take(":") else { throw Fault(reason: "Expecting ':' delimiter", place: place) }
            let value = try value()
            if builds { entries[key] = value }
            skipBlanks()
        } while take(",")
        guard take("}") else { throw Fault(reason: "Expecting ',' delimiter", place: place) }
        depth -= 1
        return .object(JSONObject(entries))
    }

    private mutating func array() throws(Fault) -> JSON {
        place += 1
        skipBlanks()
        if take("]") { return .array([]) }
        try enter()
        var elements: [JSON] = []
        repeat {
            let value = try value()
            if builds { elements.append(value) }
            skipBlanks()
        } while take(",")
        guard take("]") else { throw Fault(reason: "Expecting ',' delimiter", place: place) }
        depth -= 1
        return .array(elements)
    }

    /// Empty objects and lists do not count, as for simdjson.
    private mutating func enter() throws(Fault) {
        depth += 1
        if depth > JSON.maximumDepth {
            throw Fault(reason: "Nested deeper than \(JSON.maximumDepth) levels", place: place)
        }
    }

    private mutating func number() throws(Fault) -> JSON {
        let start = place
        let isNegative = take("-")
        if !take("0") {
            guard case let digits = skipDigits(), digits > 0 else {
                throw Fault(reason: "Expecting value", place: start)
            }
        }
        let digits = place - start - (isNegative ? 1 : 0)
        let isFraction = try skipFraction(since: start)
        let isExponent = try skipExponent(since: start)
        let isInteger = !isFraction && !isExponent
        if isInteger, digits > Self.maximumDigits {
            throw Fault(reason: "Exceeds the limit (\(Self.maximumDigits) digits) for integers", place: start)
        }
        guard builds else { return .null }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
        if isInteger {
            return Int64(text).map(JSON.integer) ?? UInt64(text).map(JSON.unsigned) ?? .bigInteger(text)
        }
        guard let number = Double(text) else { throw Fault(reason: "Expecting value", place: start) }
        if !number.isFinite { overflows = true }
        return .double(number)
    }

    private mutating func skipFraction(since start: Int) throws(Fault) -> Bool {
        guard take(".") else { return false }
        guard skipDigits() > 0 else { throw Fault(reason: "Expecting digits after '.'", place: place) }
        return true
    }

    private mutating func skipExponent(since start: Int) throws(Fault) -> Bool {
        guard take("e") || take("E") else { return false }
        if !take("-") { _ = take("+") }
        guard skipDigits() > 0 else { throw Fault(reason: "Expecting digits of an exponent", place: place) }
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = place
        while let byte = peek, UInt8(ascii: "0") <= byte, byte <= UInt8(ascii: "9") { place += 1 }
        return place - start
    }

    private mutating func skipBlanks() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

    mutating func take(_ token: StaticString) -> Bool {
        let count = token.utf8CodeUnitCount
        guard bytes.count - place >= count else { return false }
        for index in 0..<count where bytes[place + index] != token.utf8Start[index] { return false }
        place += count
        return true
    }
}

/// A strict check of what simdjson refuses: it says what is wrong and where, and finds the numbers that simdjson does not
/// read.
///
/// It accepts what simdjson accepts, integers of up to 4300 digits, and floats beyond the range of `Double`. It builds
/// nothing but a copy of a text that has such numbers.
struct JSONText {
    struct Fault: Error {
        let reason: String
        let place: Int
    }

    static let maximumDigits = 4300

    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0
    private let maximumDepth: Int
    private var depth = 0
    /// A copy of the text with a stand-in for each number that simdjson does not read; empty while there is none.
    private var readable: [UInt8] = []

    private init(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = min(max(maximumDepth, 1), JSON.maximumDepth)
    }

    /// The text as simdjson can read it: with a ``StandIn`` for each number that it does not read.
    ///
    /// - Throws: ``KserError`` of kind `internal` with the reason in Python's words, line, column and character.
    static func withStandIns(_ bytes: [UInt8], maximumDepth: Int = JSON.defaultMaximumDepth) throws -> [UInt8] {
        try bytes.withUnsafeBufferPointer { buffer in
            do throws(Fault) {
                try checkEncoding(buffer)
                var text = JSONText(buffer, maximumDepth: maximumDepth)
                try text.document()
                return text.readable.isEmpty ? bytes : text.readable
            } catch {
                throw KserError.internal("\(error.reason): \(position(of: error.place, in: buffer))")
            }
        }
    }

    private mutating func document() throws(Fault) {
        try value()
        skipBlanks()
        if place < bytes.count { throw Fault(reason: "Extra data", place: place) }
    }

    private mutating func value() throws(Fault) {
        skipBlanks()
        switch peek {
        case UInt8(ascii: "{"): try object()
        case UInt8(ascii: "["): try array()
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "-"): try number()
        case let byte? where UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9"): try number()
        case UInt8(ascii: "n") where take("null"): break
        case UInt8(ascii: "t") where take("true"): break
        case UInt8(ascii: "f") where take("false"): break
        default: throw Fault(reason: "Expecting value", place: place)
        }
    }

    private mutating func object() throws(Fault) {
        place += 1
        skipBlanks()
        if take("}") { return }
        try enter()
        repeat {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else {
                throw Fault(reason: "Expecting property name enclosed in double quotes", place: place)
            }
            try string()
            skipBlanks()
            guard take(":") else { throw Fault(reason: "Expecting ':' delimiter", place: place) }
            try value()
            skipBlanks()
        } while take(",")
        guard take("}") else { throw Fault(reason: "Expecting ',' delimiter", place: place) }
        depth -= 1
    }

    private mutating func array() throws(Fault) {
        place += 1
        skipBlanks()
        if take("]") { return }
        try enter()
        repeat {
            try value()
            skipBlanks()
        } while take(",")
        guard take("]") else { throw Fault(reason: "Expecting ',' delimiter", place: place) }
        depth -= 1
    }

    /// Empty objects and lists do not count, as for simdjson.
    private mutating func enter() throws(Fault) {
        depth += 1
        if depth > maximumDepth { throw Fault(reason: "Nested deeper than \(maximumDepth) levels", place: place) }
    }

    private mutating func number() throws(Fault) {
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
        if isFraction || isExponent {
            // No shorter number is beyond the range.
            if place - start >= StandIn.text.count, Double(text(since: start))?.isFinite != true {
                replace(since: start)
            }
        } else {
            if digits > Self.maximumDigits {
                throw Fault(reason: "Exceeds the limit (\(Self.maximumDigits) digits) for integers", place: start)
            }
            if digits > 18, case let text = text(since: start), Int64(text) == nil, UInt64(text) == nil {
                replace(since: start)
            }
        }
    }

    private func text(since start: Int) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<place]), as: UTF8.self)
    }

    private mutating func replace(since start: Int) {
        if readable.isEmpty { readable = Array(bytes) }
        for index in start..<place { readable[index] = UInt8(ascii: " ") }
        readable.replaceSubrange(start..<start + StandIn.text.count, with: StandIn.text)
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

extension JSONPath {
    /// Compiles a path.
    ///
    /// - Throws: ``KserError`` of kind `internal` that says where the path is wrong.
    init(_ text: String) throws {
        var parser = Parser(text)
        step = try parser.path()
        guard parser.isAtEnd else { throw parser.fault() }
    }

    /// From the loosest to the tightest: `..`, `.`, `|`, `where`, `[ ]`.
    private struct Parser {
        private let scalars: [Unicode.Scalar]
        private var place = 0
        private var depth = 0

        init(_ text: String) { scalars = Array(text.unicodeScalars) }

        var isAtEnd: Bool {
            mutating get {
                skipBlanks()
                return place == scalars.count
            }
        }

        func fault() -> KserError {
            let rest = String(String.UnicodeScalarView(scalars[place...].prefix(20)))
            return .internal("Parse error at 1:\(place) near \(rest.isEmpty ? "the end of the path" : rest)")
        }

        mutating func path() throws -> Step {
            depth += 1
            guard depth <= 32 else { throw fault() }
            defer { depth -= 1 }
            var steps = [try dotted()]
            while take("..") { steps.append(try dotted()) }
            return steps.count == 1 ? steps[0] : .descendants(steps)
        }

        private mutating func dotted() throws -> Step {
            var steps = [try union()]
            while !peeks(".."), take(".") { steps.append(try union()) }
            return steps.count == 1 ? steps[0] : .chain(steps)
        }

        private mutating func union() throws -> Step {
            var steps = [try having()]
            while take("|") { steps.append(try having()) }
            return steps.count == 1 ? steps[0] : .union(steps)
        }

        private mutating func having() throws -> Step {
            let step = try indexed()
            guard takeWord("where") else { return step }
            return .having(step, try indexed())
        }

        private mutating func indexed() throws -> Step {
            var steps = peeks("[") ? [] : [try plain()]
            while take("[") { steps.append(try bracket()) }
            return steps.count == 1 ? steps[0] : .chain(steps)
        }

        private mutating func plain() throws -> Step {
            if take("$") { return .root }
            if takesThis() { return .this }
            if take("*") { return .allFields }
            if take("(") {
                let step = try path()
                guard take(")") else { throw fault() }
                return step
            }
            for (name, step) in Self.named where take(name) { return step }
            return try fields()
        }

        private static let named: [(String, Step)] = [
            ("`this`", .this), ("`parent`", .parent), ("`len`", .length), ("`sorted`", .sorted),
        ]

        private mutating func fields() throws -> Step {
            var names: [String] = []
            repeat {
                guard let name = try quoted() ?? name() else { throw fault() }
                names.append(name)
            } while take(",")
            return .fields(names)
        }

        /// What stands in brackets, and the closing one.
        private mutating func bracket() throws -> Step {
            let step: Step
            if take("*") {
                step = .slice(nil, nil)
            } else if take("?") {
                step = .filter(try conditions())
            } else if peeks("'") || peeks("\"") {
                step = try fields()
            } else {
                let start = try integer()
                if take(":") {
                    step = .slice(start, try integer())
                } else if let start {
                    step = .index(start)
                } else {
                    throw fault()
                }
            }
            guard take("]") else { throw fault() }
            return step
        }

        private mutating func conditions() throws -> [Condition] {
            let isWrapped = take("(")
            var conditions: [Condition] = []
            repeat {
                conditions.append(Condition(path: try path(), test: try test()))
            } while take("&")
            if isWrapped, !take(")") { throw fault() }
            return conditions
        }

        private static let comparisons: [(String, Comparison)] = [
            ("==", .equal), ("=", .equal), ("!=", .unequal),
            ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("<", .less), (">", .greater),
        ]

        private mutating func test() throws -> (Comparison, JSON)? {
            for (sign, comparison) in Self.comparisons where take(sign) { return (comparison, try literal()) }
            return nil
        }

        private mutating func literal() throws -> JSON {
            if let text = try quoted() { return .string(text) }
            if let number = try number() { return number }
            guard let word = name() else { throw fault() }
            return word == "true" ? true : word == "false" ? false : .string(word)
        }

        private mutating func number() throws -> JSON? {
            skipBlanks()
            let start = place
            if peek == "-" { place += 1 }
            guard !run(of: \.isDigit).isEmpty else {
                place = start
                return nil
            }
            let isInteger = peek != "." && peek != "e" && peek != "E"
            if peek == "." { place += 1 }
            _ = run(of: \.isDigit)
            if peek == "e" || peek == "E" {
                place += 1
                if peek == "-" || peek == "+" { place += 1 }
                _ = run(of: \.isDigit)
            }
            let text = String(String.UnicodeScalarView(scalars[start..<place]))
            guard let double = Double(text), isInteger || double.isFinite, place - start <= JSONText.maximumDigits
            else {
                throw fault()
            }
            if !isInteger { return .double(double) }
            return Int64(text).map(JSON.integer) ?? UInt64(text).map(JSON.unsigned) ?? .bigInteger(text)
        }

        /// An `@` that does not begin a name.
        private mutating func takesThis() -> Bool {
            let start = place
            guard peeks("@") else { return false }
            if name() == nil { return take("@") }
            place = start
            return false
        }

        private mutating func integer() throws -> Int? {
            skipBlanks()
            let digits = run(of: { "-0123456789".unicodeScalars.contains($0) })
            guard !digits.isEmpty else { return nil }
            guard let number = Int(digits) else { throw fault() }
            return number
        }

        private mutating func name() -> String? {
            skipBlanks()
            let start = place
            let name = run(of: { $0 == "_" || $0 == "@" || $0 == "-" || ($0.isASCII && $0.properties.isAlphanumeric) })
            let first = name.unicodeScalars.first { $0 != "@" }
            if let first, first == "_" || first.properties.isAlphabetic { return name }
            place = start
            return nil
        }

        private mutating func quoted() throws -> String? {
            skipBlanks()
            guard let quote = peek, quote == "'" || quote == "\"" else { return nil }
            place += 1
            var text = String.UnicodeScalarView()
            while let scalar = peek, scalar != quote {
                place += 1
                if scalar == "\\", let escaped = peek {
                    text.append(escaped)
                    place += 1
                } else {
                    text.append(scalar)
                }
            }
            guard take(String(quote)) else { throw fault() }
            return String(text)
        }

        private var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

        private mutating func run(of isPart: (Unicode.Scalar) -> Bool) -> String {
            let start = place
            while let scalar = peek, isPart(scalar) { place += 1 }
            return String(String.UnicodeScalarView(scalars[start..<place]))
        }

        private mutating func skipBlanks() { while let scalar = peek, scalar == " " || scalar == "\t" { place += 1 } }

        private mutating func peeks(_ token: String) -> Bool {
            skipBlanks()
            return scalars[place...].starts(with: token.unicodeScalars)
        }

        private mutating func take(_ token: String) -> Bool {
            guard peeks(token) else { return false }
            place += token.unicodeScalars.count
            return true
        }

        private mutating func takeWord(_ word: String) -> Bool {
            let start = place
            if name() == word { return true }
            place = start
            return false
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { "0" <= self && self <= "9" }
}

extension Unicode.Scalar.Properties {
    fileprivate var isAlphanumeric: Bool { isAlphabetic || numericType == .decimal }
}

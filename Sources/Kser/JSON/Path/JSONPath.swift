/// A compiled path into a value, in the language of Python's `jsonpath-rw` that kser's `search_value` speaks.
///
/// Supported: `a.b.c` with an optional `$` in front, `'quoted'` and `"quoted"` fields, `a,b`, `*`, `[2]`, `[-1]`, `[*]`,
/// `[0:2]`, `['a']`, `..name`, `a.(b|c)`, `x where y`, `` `this` ``, `` `parent` ``, `` `len` ``, `` `sorted` ``, and
/// filters on lists `[?(@.price > 6 & @.name = 'x')]`. A field of what is no object and an index past the end match
/// nothing.
struct JSONPath: Sendable {
    indirect enum Step: Sendable {
        case root, this, parent, length, sorted
        case fields([String])
        case allFields
        case index(Int)
        case slice(Int?, Int?)
        case filter([Condition])
        /// One after the other.
        case chain([Step])
        /// The second anywhere below what the first finds.
        case descendants([Step])
        case union([Step])
        case having(Step, Step)
    }

    struct Condition: Sendable {
        var path: Step
        var test: (comparison: Comparison, value: JSON)?
    }

    enum Comparison: Sendable { case equal, unequal, less, lessOrEqual, greater, greaterOrEqual }

    let step: Step

    /// The values that the path finds, in order.
    ///
    /// - Throws: ``KserError`` of kind `validation` when that takes too long.
    func values(in value: JSON) throws -> [JSON] {
        var search = Search()
        return try search.find(step, [Match(value, in: nil)]).map(\.value)
    }
}

/// A value found, and where it was found.
private final class Match {
    let value: JSON
    let parent: Match?

    init(_ value: JSON, in parent: Match?) {
        self.value = value
        self.parent = parent
    }

    var root: Match {
        var match = self
        while let parent = match.parent { match = parent }
        return match
    }

    /// What is right below.
    var children: [JSON] {
        switch value {
        case .array(let elements): elements
        case .object(let object): object.map(\.value)
        default: []
        }
    }
}

/// One search, which ends with an error rather than going on for minutes: what `$..a..a..a` finds in what is deep is as
/// much as the depth to the power of three.
private struct Search {
    private static let bound = 500_000
    private var visits = 0

    private mutating func visit(_ count: Int = 1) throws {
        visits += count
        if visits > Self.bound {
            throw KserError.validation("The path visits more than \(Self.bound) values")
        }
    }

    mutating func find(_ step: JSONPath.Step, _ matches: [Match]) throws -> [Match] {
        var found: [Match] = []
        for match in matches { try find(step, match, into: &found) }
        return found
    }

    private mutating func find(_ step: JSONPath.Step, _ match: Match, into found: inout [Match]) throws {
        try visit()
        switch step {
        case .root: found.append(match.root)
        case .this: found.append(match)
        case .parent: if let parent = match.parent { found.append(parent) }
        case .length:
            if let length = JSONPath.length(of: match.value) { found.append(Match(.integer(Int64(length)), in: nil)) }
        case .sorted:
            if let list = JSONPath.sorted(match.value) {
                try visit(list.array?.count ?? 0)
                found.append(Match(list, in: nil))
            }
        case .fields(let names):
            guard case .object(let object) = match.value else { return }
            for name in names { if let value = object[name] { found.append(Match(value, in: match)) } }
        case .allFields:
            guard case .object(let object) = match.value else { return }
            try append(object.map(\.value), of: match, to: &found)
        case .index(let index):
            if let element = JSONPath.element(index, of: match.value) { found.append(Match(element, in: match)) }
        case .slice(let start, let end):
            try append(JSONPath.slice(match.value, start, end), of: match, to: &found)
        case .filter(let conditions):
            guard case .array(let elements) = match.value else { return }
            for element in elements {
                let element = Match(element, in: match)
                if try conditions.allSatisfy({ try holds($0, element) }) { found.append(element) }
            }
        case .chain(let steps): found += try steps.reduce([match]) { matches, step in try find(step, matches) }
        case .descendants(let steps):
            guard let first = steps.first else { return }
            var matches = try find(first, [match])
            for step in steps.dropFirst() { matches = try findBelow(step, matches) }
            found += matches
        case .union(let steps): for step in steps { try find(step, match, into: &found) }
        case .having(let left, let right):
            for match in try find(left, [match]) where try !find(right, [match]).isEmpty { found.append(match) }
        }
    }

    private mutating func append(_ values: some Collection<JSON>, of match: Match, to found: inout [Match]) throws {
        try visit(values.count)
        for value in values { found.append(Match(value, in: match)) }
    }

    /// What a step finds at matches and anywhere below them.
    private mutating func findBelow(_ step: JSONPath.Step, _ matches: [Match]) throws -> [Match] {
        var found: [Match] = []
        var open = Array(matches.reversed())
        while let match = open.popLast() {
            try find(step, match, into: &found)
            for child in match.children.reversed() { open.append(Match(child, in: match)) }
        }
        return found
    }

    private mutating func holds(_ condition: JSONPath.Condition, _ element: Match) throws -> Bool {
        let found = try find(condition.path, [element])
        guard let (comparison, value) = condition.test else { return !found.isEmpty }
        return found.contains { match in
            switch (comparison, JSONPath.order(match.value, value)) {
            case (.equal, .equal), (.less, .less), (.greater, .greater): true
            case (.lessOrEqual, .less?), (.lessOrEqual, .equal?): true
            case (.greaterOrEqual, .greater?), (.greaterOrEqual, .equal?): true
            case (.unequal, let order): order != .equal
            default: false
            }
        }
    }
}

extension JSONPath {
    fileprivate static func length(of value: JSON) -> Int? {
        switch value {
        case .string(let text): text.unicodeScalars.count
        case .array(let elements): elements.count
        case .object(let object): object.count
        default: nil
        }
    }

    fileprivate static func sorted(_ value: JSON) -> JSON? {
        switch value {
        case .array(let elements): .array(elements.sorted { order($0, $1) == .less })
        case .object(let object): .array(object.keys.map(JSON.string).sorted { order($0, $1) == .less })
        default: nil
        }
    }

    /// An element counted from the start, or from the end when negative; of text it is a character.
    fileprivate static func element(_ index: Int, of value: JSON) -> JSON? {
        switch value {
        case .array(let elements):
            let place = index < 0 ? elements.count + index : index
            guard elements.indices.contains(place) else { return nil }  // in a ternary, nil would be JSON's null
            return elements[place]
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            let place = index < 0 ? scalars.count + index : index
            guard scalars.indices.contains(place) else { return nil }
            return .string(String(scalars[place]))
        default: return nil
        }
    }

    /// A part of a list. What is no list counts as a list of one.
    fileprivate static func slice(_ value: JSON, _ start: Int?, _ end: Int?) -> ArraySlice<JSON> {
        let elements = value.array ?? (value.isNull ? [] : [value])
        func place(_ index: Int) -> Int { min(max(index < 0 ? elements.count + index : index, 0), elements.count) }
        let first = place(start ?? 0)
        return elements[first..<max(first, place(end ?? elements.count))]
    }

    /// How two numbers or two texts compare; others are equal or not comparable.
    fileprivate static func order(_ left: JSON, _ right: JSON) -> Comparison? {
        if case .string(let left) = left, case .string(let right) = right {
            if left.hasSameScalars(as: right) { return .equal }
            return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars) ? .less : .greater
        }
        if let order = left.numericOrder(to: right) { return order < 0 ? .less : order > 0 ? .greater : .equal }
        return left == right ? .equal : nil
    }
}

extension ExecutionResult {
    /// What a path finds in `retval` (kser: `search_value`, with the path language of Python's `jsonpath-rw`).
    ///
    ///     try result.search("dice[*].value")
    ///
    /// - Parameters:
    ///   - path: such as `a.b`, `$.a`, `'a b'`, `list[0]`, `list[*].name`, `list[1:]`, `a.*`, `$..name`.
    ///   - default: what to give when nothing is found.
    ///   - failIfNoMatch: whether to throw instead.
    /// - Returns: the value found, a list when there are several, or the default.
    /// - Throws: ``KserError``: `validation` when nothing is found and that is a failure, and when the search visits too much;
    ///   `internal` when the path itself is wrong.
    public func search(_ path: String, default: JSON = .null, failIfNoMatch: Bool = false) throws -> JSON {
        let values = try JSONPath(path).values(in: .object(retval))
        if let value = values.first { return values.count == 1 ? value : .array(values) }
        if failIfNoMatch { throw KserError.validation("No value found for xpath: '\(path)'") }
        return `default`
    }
}

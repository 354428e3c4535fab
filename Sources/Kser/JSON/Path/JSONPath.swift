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
    }

    let step: Step

    /// The values that the path finds, in order.
    func values(in value: JSON) -> [JSON] { Self.find(step, Match(value, in: nil)).map(\.value) }

    private static func find(_ step: Step, _ match: Match) -> [Match] {
        switch step {
        case .root: return [match.root]
        case .this: return [match]
        case .parent: return match.parent.map { [$0] } ?? []
        case .length: return length(of: match.value).map { [Match(.integer(Int64($0)), in: match)] } ?? []
        case .sorted: return sorted(match.value).map { [Match($0, in: match)] } ?? []
        case .fields(let names):
            guard case .object(let object) = match.value else { return [] }
            return names.compactMap { object[$0] }.map { Match($0, in: match) }
        case .allFields:
            guard case .object(let object) = match.value else { return [] }
            return object.map { Match($0.value, in: match) }
        case .index(let index): return element(index, of: match.value).map { [Match($0, in: match)] } ?? []
        case .slice(let start, let end): return slice(match.value, start, end).map { Match($0, in: match) }
        case .filter(let conditions):
            guard case .array(let elements) = match.value else { return [] }
            return elements.map { Match($0, in: match) }.filter { element in
                conditions.allSatisfy { holds($0, element) }
            }
        case .chain(let steps):
            return steps.reduce([match]) { matches, step in matches.flatMap { find(step, $0) } }
        case .descendants(let steps):
            guard let first = steps.first else { return [] }
            return steps.dropFirst().reduce(find(first, match)) { matches, step in
                matches.flatMap { findBelow(step, $0) }
            }
        case .union(let steps): return steps.flatMap { find($0, match) }
        case .having(let left, let right): return find(left, match).filter { !find(right, $0).isEmpty }
        }
    }

    /// What a step finds here and anywhere below.
    private static func findBelow(_ step: Step, _ match: Match) -> [Match] {
        let children: [JSON] =
            switch match.value {
            case .array(let elements): elements
            case .object(let object): object.map(\.value)
            default: []
            }
        return find(step, match) + children.flatMap { findBelow(step, Match($0, in: match)) }
    }
}

extension JSONPath {
    private static func length(of value: JSON) -> Int? {
        switch value {
        case .string(let text): text.unicodeScalars.count
        case .array(let elements): elements.count
        case .object(let object): object.count
        default: nil
        }
    }

    private static func sorted(_ value: JSON) -> JSON? {
        switch value {
        case .array(let elements): .array(elements.sorted { order($0, $1) == .less })
        case .object(let object): .array(object.keys.map(JSON.string).sorted { order($0, $1) == .less })
        default: nil
        }
    }

    /// An element counted from the start, or from the end when negative; of text it is a character.
    private static func element(_ index: Int, of value: JSON) -> JSON? {
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
    private static func slice(_ value: JSON, _ start: Int?, _ end: Int?) -> ArraySlice<JSON> {
        let elements = value.array ?? (value.isNull ? [] : [value])
        func place(_ index: Int) -> Int { min(max(index < 0 ? elements.count + index : index, 0), elements.count) }
        let first = place(start ?? 0)
        return elements[first..<max(first, place(end ?? elements.count))]
    }

    private static func holds(_ condition: Condition, _ element: Match) -> Bool {
        let found = find(condition.path, element)
        guard let (comparison, value) = condition.test else { return !found.isEmpty }
        return found.contains { match in
            switch (comparison, order(match.value, value)) {
            case (.equal, .equal), (.less, .less), (.greater, .greater): true
            case (.lessOrEqual, .less?), (.lessOrEqual, .equal?): true
            case (.greaterOrEqual, .greater?), (.greaterOrEqual, .equal?): true
            case (.unequal, let order): order != .equal
            default: false
            }
        }
    }

    /// How two numbers or two texts compare; others are equal or not comparable.
    private static func order(_ left: JSON, _ right: JSON) -> Comparison? {
        if case .string(let left) = left, case .string(let right) = right {
            if left.hasSameScalars(as: right) { return .equal }
            return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars) ? .less : .greater
        }
        if let left = left.double, let right = right.double {
            return left == right ? .equal : left < right ? .less : .greater
        }
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
    /// - Throws: ``KserError``: `validation` when nothing is found and that is a failure, `internal` when the path itself
    ///   is wrong.
    public func search(_ path: String, default: JSON = .null, failIfNoMatch: Bool = false) throws -> JSON {
        let values = try JSONPath(path).values(in: .object(retval))
        if let value = values.first { return values.count == 1 ? value : .array(values) }
        if failIfNoMatch { throw KserError.validation("No value found for xpath: '\(path)'") }
        return `default`
    }
}

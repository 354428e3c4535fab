extension JSON {
    /// The paths of the numbers in a value that are beyond the range of `Double`: of the first few of them, shortened.
    var oversizedPlaces: [[String]] {
        var places = OversizedPlaces()
        places.visit(self)
        return places.found
    }
}

/// Looks for numbers that are not finite, as far as an error may tell of them.
private struct OversizedPlaces {
    private static let bound = 8

    private(set) var found: [[String]] = []
    private var path: [String] = []
    private var isFull: Bool { found.count == Self.bound }

    mutating func visit(_ value: JSON) {
        switch value {
        case .double(let number):
            if !number.isFinite { found.append(path.shortenedPath) }
        case .array(let elements):
            for index in elements.indices where !isFull { visit(elements[index], at: "\(index)") }
        case .object(let object):
            guard object.mayHoldOversizedNumbers else { return }
            for (key, value) in object where !isFull { visit(value, at: key) }
        default: break
        }
    }

    private mutating func visit(_ value: JSON, at key: String) {
        path.append(key)
        visit(value)
        path.removeLast()
    }
}

extension JSONObject {
    /// Whether there may be numbers in it that are not finite: in entries of its own, and in some parsed texts.
    fileprivate var mayHoldOversizedNumbers: Bool {
        if case .undecoded(let node) = storage { node.document.hasStandIns } else { true }
    }
}

extension [String] {
    /// A path for an error's text, at a bounded length whatever the keys.
    var shortenedPath: [String] {
        prefix(16).map { $0.utf8.count <= 64 ? $0 : String($0.unicodeScalars.prefix(64)) + "…" }
            + (count > 16 ? ["…"] : [])
    }
}

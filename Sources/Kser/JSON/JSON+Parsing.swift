extension JSON {
    /// The value of a JSON text.
    ///
    /// Strict: no byte order mark, no `NaN`, no lone surrogates; nesting up to ``maximumDepth``, integers up to 4300
    /// digits. Objects stay undecoded until they are looked into.
    ///
    /// - Parameter bytes: the text as UTF-8.
    /// - Throws: ``KserError``: `internal` for what is not JSON, with the reason and the place in the text; `validation`
    ///   for a float beyond the range of `Double`, with its path.
    public init(parsing bytes: [UInt8]) throws {
        if let document = JSONDocument.parse(bytes) {
            self = JSONNode(document: document, element: document.root).json
            return
        }
        let (value, overflows) = try JSONText.parse(bytes)
        if overflows {
            let places = value.infinitePlaces.map { $0.joined(separator: ".") }
            throw KserError.validation(
                "Invalid field(s) value: \(places.joined(separator: ", "))",
                extra: JSONObject(places.map { (key: $0, value: [.string(FieldLoader.tooLarge)]) })
            )
        }
        self = value
    }

    /// The value of a JSON text; see ``init(parsing:)-([UInt8])``.
    public init(parsing text: String) throws { try self.init(parsing: Array(text.utf8)) }

    /// The paths of the infinite numbers in a value.
    var infinitePlaces: [[String]] {
        switch self {
        case .double(let number): number.isFinite ? [] : [[]]
        case .array(let elements):
            elements.enumerated().flatMap { index, element in element.infinitePlaces.map { ["\(index)"] + $0 } }
        case .object(let object):
            object.flatMap { key, value in value.infinitePlaces.map { [key] + $0 } }
        default: []
        }
    }
}

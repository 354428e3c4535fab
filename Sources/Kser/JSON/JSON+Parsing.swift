extension JSON {
    /// The value of a JSON text.
    ///
    /// Strict: no byte order mark, no `NaN`, no lone surrogates; integers up to 4300 digits. Objects stay undecoded until
    /// they are looked into.
    ///
    /// - Parameters:
    ///   - bytes: the text as UTF-8.
    ///   - maximumDepth: how deep objects and lists may nest in all, up to ``maximumDepth``.
    /// - Throws: ``KserError``: `internal` for what is not JSON, with the reason and the place in the text; `validation`
    ///   for floats beyond the range of `Double`, with the paths of some.
    public init(parsing bytes: [UInt8], maximumDepth: Int = JSON.defaultMaximumDepth) throws {
        let document = try JSONDocument.read(bytes, maximumDepth: maximumDepth)
        let value = JSONNode(document: document, element: document.root).json
        if document.hasStandIns, case let places = value.oversizedPlaces, !places.isEmpty {
            let places = places.map { $0.joined(separator: ".") }
            throw KserError.validation(
                "Invalid field(s) value: \(places.joined(separator: ", "))",
                extra: JSONObject(places.map { (key: $0, value: [.string(FieldLoader.tooLarge)]) })
            )
        }
        self = value
    }

    /// The value of a JSON text; see ``init(parsing:maximumDepth:)-([UInt8],_)``.
    public init(parsing text: String, maximumDepth: Int = JSON.defaultMaximumDepth) throws {
        try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth)
    }
}

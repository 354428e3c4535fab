extension KserError {
    /// A decoding error of params in kser's words.
    ///
    /// A missing top-level key is kser's own `Missing parameter: name` without extra. For all else the message and the
    /// extra name the dotted path: `Invalid parameter 'mail.retries': expected an integer (Int), found text`. Values are
    /// never shown, for they may be secrets.
    public init(decoding error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            let path = Self.dotted(context.codingPath + [key])
            self = .validation(
                "Missing parameter: \(path)",
                extra: context.codingPath.isEmpty ? [:] : [path: [.string(FieldLoader.missing)]]
            )
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            self = Self.invalid(context)
        @unknown default:
            self = .validation("\(error)")
        }
        cause = error
    }

    /// What a context tells, without the value that Swift's own decoding of enumerations repeats.
    private static func text(of context: DecodingError.Context) -> String {
        let text = context.debugDescription
        guard text.hasPrefix("Cannot initialize "), let value = text.firstRange(of: " value ") else { return text }
        return String(text[..<value.lowerBound]) + " value"
    }

    private static func invalid(_ context: DecodingError.Context) -> KserError {
        let refusal = (context.underlyingError as? KserError)?.message ?? "Invalid value."
        guard !context.codingPath.isEmpty else {
            return .validation(
                "Invalid parameters: \(text(of: context))",
                extra: ["_schema": [.string(refusal)]]
            )
        }
        let path = dotted(context.codingPath)
        return .validation(
            "Invalid parameter '\(path)': \(text(of: context))",
            extra: [path: [.string(refusal)]]
        )
    }

    private static func dotted(_ path: [any CodingKey]) -> String {
        path.map { key in key.intValue.map { "\($0)" } ?? key.stringValue }.shortenedPath.joined(separator: ".")
    }
}

extension JSONObject {
    /// The object as log lines may show it: values of keys that look like secrets are `"***"`, at every level.
    package var redacted: JSONObject {
        JSONObject(lazy.map { (key: $0.key, value: Self.isSecret($0.key) ? "***" : $0.value.redacted) })
    }

    /// A key that contains one of these, in any case, names a secret.
    package static let secretWords = [
        "password", "passwd", "passphrase", "token", "secret", "credential", "authorization", "api_key", "apikey",
    ]

    private static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        return secretWords.contains { key.contains($0) }
    }
}

extension JSON {
    fileprivate var redacted: JSON {
        switch self {
        case .object(let object): .object(object.redacted)
        case .array(let elements): .array(elements.map(\.redacted))
        default: self
        }
    }
}

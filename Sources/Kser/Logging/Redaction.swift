import Synchronization

/// What is kept out of log lines, spans, metrics and what the tool shows: the values of keys that name a secret.
///
///     Redaction.secretWords.append("passport")
///
/// A key names a secret when it contains one of ``secretWords``: of five letters or more anywhere in it, of fewer as a word
/// of its own, as in `card_number` or `userPin`. Upper and lower case, `-` and `_` make no difference.
public enum Redaction {
    /// The words that name secrets, in this process. Add to them before anything is logged.
    public static var secretWords: [String] {
        get { list.withLock { $0.words } }
        set { list.withLock { $0 = SecretWords(newValue) } }
    }

    /// Whether the key of a value names a secret.
    public static func isSecret(_ key: String) -> Bool { list.withLock { $0 }.match(key) }

    private static let list = Mutex(
        SecretWords([
            "password", "passwd", "passphrase", "pwd", "pass", "token", "secret", "credential", "authorization",
            "bearer",
            "cookie", "session", "jwt", "api_key", "access_key", "private_key", "pin", "cvv", "cvc", "card", "iban",
        ])
    )

    /// What stands in the place of a secret.
    static let mask = "***"
}

/// Words that name secrets, ready to be looked for in keys.
package struct SecretWords: Sendable {
    fileprivate let words: [String]
    /// Those that count anywhere in a key, and those that count as a whole word.
    private let long: [String]
    private let short: Set<String>

    package init(_ words: [String]) {
        self.words = words
        let letters = words.map { String($0.lowercased().filter { $0.isLetter || $0.isNumber }) }.filter { !$0.isEmpty }
        long = letters.filter { $0.count >= 5 }
        short = Set(letters.filter { $0.count < 5 })
    }

    /// Whether a key contains one of the words.
    package func match(_ key: String) -> Bool {
        let parts = Self.parts(of: key)
        if parts.contains(where: short.contains) { return true }
        let whole = parts.joined()
        return long.contains { whole.contains($0) }
    }

    /// The words of a key in lower case: `userPin`, `user_pin` and `USER-PIN` are `user` and `pin`.
    private static func parts(of key: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var wasLower = false
        for character in key.prefix(256) {
            let isPart = character.isLetter || character.isNumber
            if !isPart || wasLower && character.isUppercase {
                if !part.isEmpty { parts.append(part) }
                part = ""
            }
            if isPart { part += character.lowercased() }
            wasLower = character.isLowercase
        }
        if !part.isEmpty { parts.append(part) }
        return parts
    }
}

extension JSONObject {
    /// The object as log lines may show it: values of keys that look like secrets are `"***"`, at every level.
    package var redacted: JSONObject {
        JSONObject(lazy.map { (key: $0.key, value: Redaction.isSecret($0.key) ? "***" : $0.value.redacted) })
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

extension Record.Header {
    /// The text of the value as it may be shown; nil when there is none.
    package var redactedText: String? { Redaction.isSecret(name) ? Redaction.mask : text?.redacted }

    /// The text of the value.
    package var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
}

extension String {
    /// The text with what it gives as secrets masked: `password=hunter2`, `"token": "abc"`, `amqp://me:hunter2@host`.
    package var redacted: String {
        guard utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) else { return self }
        let pair = #/(?<key>[A-Za-z][\w.\-]*)(?<sign>["']?\s*[=:]\s*)(?<value>"[^"]*"|'[^']*'|[^\s,;&"'}\])]+)/#
        let login = #/(?<start>[a-z][a-z0-9+.\-]*:\/\/[^\s:@\/]*:)(?<word>[^\s@\/]+)@/#
        let masked = replacing(login) { "\($0.output.start)\(Redaction.mask)@" }
        return masked.replacing(pair) { match in
            let (key, value) = (match.output.key, match.output.value)
            guard Redaction.isSecret(String(key)) else { return String(match.output.0) }
            let quote = value.first.map { $0 == "\"" || $0 == "'" ? String($0) : "" } ?? ""
            return "\(key)\(match.output.sign)\(quote)\(Redaction.mask)\(quote)"
        }
    }
}

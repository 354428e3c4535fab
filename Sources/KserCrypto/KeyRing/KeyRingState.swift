/// The keys of a ring at one moment.
struct KeyRingState: Sendable {
    struct Entry: Sendable {
        let id: String
        let key: SecretBoxKey
    }

    private(set) var current: Entry
    private var others: [Entry] = []

    init(_ id: String, _ key: SecretBoxKey) { current = Entry(id: id, key: key) }

    /// All keys, the current one first.
    var entries: [Entry] { [current] + others }

    mutating func add(_ key: SecretBoxKey, _ id: String) throws(CryptoError) {
        if entries.contains(where: { $0.id == id }) {
            throw CryptoError(.invalidKeyID, "the ring has a key \"\(id)\" already: give each key an id of its own")
        }
        others.append(Entry(id: id, key: key))
    }

    mutating func use(_ id: String) throws(CryptoError) {
        if id == current.id { return }
        let index = try place(of: id)
        (current, others[index]) = (others[index], current)
    }

    mutating func remove(_ id: String) throws(CryptoError) {
        if id == current.id {
            throw CryptoError(.invalidKeyID, "the key \"\(id)\" seals: use another one before it is removed")
        }
        others.remove(at: try place(of: id))
    }

    private func place(of id: String) throws(CryptoError) -> Int {
        if let index = others.firstIndex(where: { $0.id == id }) { return index }
        throw unknown(id)
    }

    private func unknown(_ id: String) -> CryptoError {
        let known = entries.prefix(8).map(\.id).joined(separator: ", ")
        return CryptoError(.unknownKey, "no key \"\(id.shortened)\" in the ring: it has \(known)")
    }

    /// - Throws: ``CryptoError/Code/invalidKeyID`` for an id that is no good in headers and logs.
    static func check(_ id: String) throws(CryptoError) {
        let isValid =
            (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        if isValid { return }
        throw CryptoError(
            .invalidKeyID,
            "key id \"\(id.shortened)\" is not acceptable: 1 to 64 of letters, digits, '.', '_' and '-'"
        )
    }
}

extension KeyRingState {
    /// The content of a sealed box, and the id of the key that opened it.
    ///
    /// - Parameters:
    ///   - box: the box with its nonce.
    ///   - id: the id of the key that it was sealed with; nil tries all, the current one first.
    /// - Returns: both.
    /// - Throws: ``CryptoError``: ``CryptoError/Code/unknownKey`` when there is no key of this id,
    ///   ``CryptoError/Code/notAuthentic`` when no key opens it.
    func open(_ box: SecretBox, id: String?) throws(CryptoError) -> (content: [UInt8], keyID: String) {
        if let id {
            guard let entry = entries.first(where: { $0.id == id }) else { throw unknown(id) }
            if let content = box.open(with: entry.key) { return (content, id) }
            throw CryptoError(
                .notAuthentic,
                "The key \"\(id)\" does not open the envelope: it was changed since, or \(other)"
            )
        }
        if let content = box.open(with: current.key) { return (content, current.id) }
        for entry in others {
            if let content = box.open(with: entry.key) { return (content, entry.id) }
        }
        let keys = others.isEmpty ? "The key does not open" : "None of the \(others.count + 1) keys opens"
        throw CryptoError(.notAuthentic, "\(keys) the envelope: it was changed since, or \(other)")
    }

    private var other: String { "sealed with another key" }
}

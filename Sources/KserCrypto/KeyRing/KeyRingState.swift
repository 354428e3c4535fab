import Kser

/// The keys of a ring at one moment.
struct KeyRingState: Sendable {
    final class Entry: Sendable {
        let id: String
        let key: SecretBoxKey
        /// The header that names the key; none for a key that was given no id.
        let headers: [Record.Header]

        init(_ id: String, _ key: SecretBoxKey, isNamed: Bool = true) {
            self.id = id
            self.key = key
            headers = isNamed ? [Record.Header(SecretBoxCodec.keyIDHeader, text: id)] : []
        }

        func isNamed(_ id: [UInt8]) -> Bool { headers.first?.value == id }
    }

    private(set) var current: Entry
    private var others: [Entry] = []

    init(_ current: Entry) { self.current = current }

    /// All keys, the current one first.
    var entries: [Entry] { [current] + others }

    mutating func add(_ key: SecretBoxKey, _ id: String) throws(CryptoError) {
        if entries.contains(where: { $0.id == id }) {
            throw CryptoError(.invalidKeyID, "the ring has a key \"\(id)\" already: give each key an id of its own")
        }
        others.append(Entry(id, key))
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
        let known = entries.prefix(8).map(\.id.shortened).joined(separator: ", ")
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
    /// The content of a sealed box, opened with the key of this id.
    ///
    /// - Throws: ``CryptoError``: ``CryptoError/Code/unknownKey`` when there is no key of this id,
    ///   ``CryptoError/Code/notAuthentic`` when it does not open the box.
    func open(_ box: SecretBox, id: String) throws(CryptoError) -> [UInt8] {
        guard let entry = entries.first(where: { $0.id == id }) else { throw unknown(id) }
        if let content = box.open(with: entry.key) { return content }
        throw CryptoError(
            .notAuthentic,
            "The key \"\(id)\" does not open the envelope: it was changed since, or \(other)"
        )
    }

    /// The content of a sealed box, and the id of the key that opened it: the named one is tried first, then all others,
    /// for a header is what anyone may have written, and ids may differ among services.
    ///
    /// - Parameters:
    ///   - box: the box with its nonce.
    ///   - hint: the id in the record's header.
    /// - Returns: both.
    /// - Throws: ``CryptoError`` when no key opens it: ``CryptoError/Code/unknownKey`` when the ring has none of the id in
    ///   the header, else ``CryptoError/Code/notAuthentic``.
    func open(_ box: SecretBox, hint: [UInt8]? = nil) throws(CryptoError) -> (content: [UInt8], keyID: String) {
        let named = hint.flatMap { hint in
            current.isNamed(hint) ? current : others.first { $0.isNamed(hint) }
        }
        if let content = box.open(with: (named ?? current).key) { return (content, (named ?? current).id) }
        for entry in entries where entry !== (named ?? current) {
            if let content = box.open(with: entry.key) { return (content, entry.id) }
        }
        if let hint, named == nil { throw unknown(String(decoding: hint.prefix(256), as: UTF8.self)) }
        let keys = others.isEmpty ? "The key does not open" : "None of the \(others.count + 1) keys opens"
        throw CryptoError(.notAuthentic, "\(keys) the envelope: it was changed since, or \(other)")
    }

    private var other: String { "sealed with another key" }
}

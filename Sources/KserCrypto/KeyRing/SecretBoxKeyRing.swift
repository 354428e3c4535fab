import Synchronization

/// Several keys by id, one of them current: messages are sealed with the current one and opened with any.
///
/// A ring changes while codecs use it, so keys rotate without downtime: ``add(_:id:)`` the new key to every reader, then
/// ``use(_:)`` it in every writer, and ``remove(_:)`` the old one when no message sealed with it is left.
///
///     let ring = try SecretBoxKeyRing(current: "2025", .fromEnvironment())
///     let codec = SecretBoxCodec(keys: ring)
///
/// The id of the key that sealed a message travels in the record's header ``SecretBoxCodec/keyIDHeader``, never in the
/// envelope: Python's kser-crypto refuses envelopes with further fields. The named key is tried first; without a header,
/// or when another key opens the envelope, that one does.
public final class SecretBoxKeyRing: Sendable {
    private let state: Mutex<KeyRingState>

    /// A ring of one key, its current one.
    ///
    /// - Parameters:
    ///   - id: the id of the key: 1 to 64 of letters, digits, `.`, `_` and `-`.
    ///   - key: the key.
    /// - Throws: ``CryptoError/Code/invalidKeyID`` for an id of another form.
    public init(current id: String, _ key: SecretBoxKey) throws(CryptoError) {
        try KeyRingState.check(id)
        state = Mutex(KeyRingState(KeyRingState.Entry(id, key)))
    }

    /// A ring of one key, whose id is `default` and travels in no header: others may call the same key something else.
    init(_ key: SecretBoxKey) { state = Mutex(KeyRingState(KeyRingState.Entry("default", key, isNamed: false))) }

    /// The id of the key that seals.
    public var currentID: String { snapshot.current.id }

    /// The ids of all keys, the current one first.
    public var ids: [String] { snapshot.entries.map(\.id) }

    /// Adds a key that opens, and does not seal until ``use(_:)``.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - id: its id.
    /// - Throws: ``CryptoError/Code/invalidKeyID`` for an id that is taken or of a wrong form.
    public func add(_ key: SecretBoxKey, id: String) throws(CryptoError) {
        try KeyRingState.check(id)
        try state.withLock { state throws(CryptoError) in try state.add(key, id) }
    }

    /// Seals with this key from now on.
    ///
    /// - Throws: ``CryptoError/Code/unknownKey`` when the ring has none of this id.
    public func use(_ id: String) throws(CryptoError) {
        try state.withLock { state throws(CryptoError) in try state.use(id) }
    }

    /// Opens with this key no more.
    ///
    /// - Throws: ``CryptoError/Code/unknownKey`` when the ring has none of this id, ``CryptoError/Code/invalidKeyID`` for
    ///   the current key.
    public func remove(_ id: String) throws(CryptoError) {
        try state.withLock { state throws(CryptoError) in try state.remove(id) }
    }

    /// The keys as they are now.
    var snapshot: KeyRingState { state.withLock { $0 } }
}

extension SecretBoxKeyRing: CustomStringConvertible, CustomReflectable {
    /// The ids of the keys, the current one first.
    public var description: String { "keys \(ids.joined(separator: ", "))" }
    /// A mirror that shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

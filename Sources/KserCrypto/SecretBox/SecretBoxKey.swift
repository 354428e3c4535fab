import CLibsodium
import Foundation

/// A key for sealed messages: 32 bytes, kept in one place, out of swap and core dumps, and zeroed when the last user lets
/// go of it.
///
///     let key = try SecretBoxKey.fromEnvironment()        // KSER_SECRETBOX_KEY, as Python's kser-crypto
///     let codec = SecretBoxCodec(key: key)
///
/// A class, so that codecs share the key and never copy it. No description, dump or error shows it; ``base64()`` is the
/// only way to get it out.
public final class SecretBoxKey: Sendable {
    /// How many bytes a key has.
    public static let byteCount = Int(crypto_secretbox_KEYBYTES)
    /// The environment variable that holds the key in base64.
    public static let environmentVariable = "KSER_SECRETBOX_KEY"

    /// The key, and behind it those that are derived from it: for messages that are bound to a topic, and for the keys of
    /// their records. No key serves two purposes.
    private let memory: SecretMemory

    /// Makes a key by a closure that fills the bytes.
    private init(filling fill: (UnsafeMutableRawBufferPointer) -> Void) throws(CryptoError) {
        let memory = try SecretMemory(count: 3 * Self.byteCount)
        memory.withBytes { bytes in
            fill(UnsafeMutableRawBufferPointer(rebasing: bytes[..<Self.byteCount]))
            guard let key = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
            crypto_kdf_derive_from_key(key + Self.byteCount, Self.byteCount, 1, "kserbind", key)
            crypto_kdf_derive_from_key(key + 2 * Self.byteCount, Self.byteCount, 2, "kserbind", key)
            // The derivation may leave the key in its frame.
            sodium_stackzero(4_096)
        }
        memory.seal()
        self.memory = memory
    }

    /// The key of these bytes. The array stays the caller's, to forget or to overwrite.
    ///
    /// - Throws: ``CryptoError/Code/invalidKey`` unless there are exactly 32.
    public convenience init(bytes: [UInt8]) throws(CryptoError) {
        try Self.check(count: bytes.count)
        try self.init { $0.copyBytes(from: bytes) }
    }

    /// The key of a base64 text: standard alphabet, padded, 32 bytes. White space in it is skipped.
    ///
    /// - Throws: ``CryptoError/Code/invalidKey`` that says what is expected.
    public convenience init(base64 text: String) throws(CryptoError) {
        // Room for keys that are too long, so that the error tells their length.
        let room = try SecretMemory(count: max(Self.byteCount, Base64.maximumDecodedCount(of: text.utf8.count)))
        guard let count = room.withBytes({ Base64.decode(text, to: $0) }) else {
            throw CryptoError(.invalidKey, "the key is not base64: it \(Self.expectation)")
        }
        try Self.check(count: count)
        try self.init { bytes in
            room.withBytes { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// A new random key.
    ///
    /// - Throws: ``CryptoError/Code/unavailable`` when libsodium does not start or has no memory.
    public static func generate() throws(CryptoError) -> SecretBoxKey {
        try SecretBoxKey { bytes in bytes.baseAddress.map { randombytes_buf($0, bytes.count) } }
    }

    /// The key in the environment variable `KSER_SECRETBOX_KEY`, in base64 as Python's kser-crypto takes it.
    ///
    /// It is read here, once; Python reads it at each use.
    ///
    /// - Parameter environment: the variables; nil means the process's own.
    /// - Returns: the key.
    /// - Throws: ``CryptoError``: ``CryptoError/Code/missingKey`` when the variable is not set or empty,
    ///   ``CryptoError/Code/invalidKey`` when it is not a key.
    public static func fromEnvironment(
        _ environment: [String: String]? = nil
    ) throws(CryptoError) -> SecretBoxKey {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let variable = "environment variable \(environmentVariable)"
        guard let text = environment[environmentVariable], !text.isEmpty else {
            throw CryptoError(.missingKey, "\(variable) is not set: the key \(expectation)")
        }
        do {
            return try SecretBoxKey(base64: text)
        } catch {
            throw CryptoError(error.code, "\(variable): \(error.message)")
        }
    }

    /// The key as text, for a person or a vault to keep: whoever has it opens and forges messages.
    ///
    /// The text is in ordinary memory, which nobody zeroes.
    public func base64() -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Base64.encodedCount(of: Self.byteCount) + 1) { text in
            guard let start = text.baseAddress else { return "" }
            defer { sodium_memzero(start, text.count) }
            let end = withPointer { Base64.encode($0, count: Self.byteCount, to: start) }
            return String(decoding: text[..<(end - start)], as: UTF8.self)
        }
    }

    /// The key itself, for libsodium alone.
    @inline(__always)
    func withPointer<R>(_ body: (UnsafePointer<UInt8>) -> R) -> R { memory.withPointer(body) }

    /// The derived key for messages that are bound to a topic, for libsodium alone.
    func withBindingPointer<R>(_ body: (UnsafePointer<UInt8>) -> R) -> R {
        memory.withPointer { body($0 + Self.byteCount) }
    }

    /// The BLAKE2b hash of some bytes under a derived key, 16 bytes in hexadecimal digits.
    func hash(of bytes: [UInt8]) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: 16)
        _ = memory.withPointer { key in
            crypto_generichash(&hash, hash.count, bytes, UInt64(bytes.count), key + 2 * Self.byteCount, Self.byteCount)
        }
        let digits = Array("0123456789abcdef".utf8)
        return hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    private static var expectation: String {
        "must be exactly \(byteCount) bytes in base64 with padding, "
            + "\(Base64.encodedCount(of: byteCount)) characters, as `openssl rand -base64 \(byteCount)` makes it"
    }

    private static func check(count: Int) throws(CryptoError) {
        if count == byteCount { return }
        throw CryptoError(.invalidKey, "the key has \(count) bytes: it \(expectation)")
    }
}

extension SecretBoxKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `***`.
    public var description: String { "***" }
    /// `***`.
    public var debugDescription: String { "***" }
    /// A mirror that shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

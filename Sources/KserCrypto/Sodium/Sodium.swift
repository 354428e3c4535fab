import CLibsodium

/// libsodium, started once.
enum Sodium {
    /// Whether libsodium runs; the first look starts it.
    private static let isReady = sodium_init() >= 0

    /// - Throws: ``CryptoError/Code/unavailable`` when libsodium does not start.
    static func start() throws(CryptoError) {
        if !isReady { throw CryptoError(.unavailable, "libsodium does not start: no source of random bytes") }
    }
}

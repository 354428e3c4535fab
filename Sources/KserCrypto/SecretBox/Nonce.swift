import CLibsodium

extension SecretBox {
    /// The number that makes every box different: random ones never come twice.
    struct Nonce {
        static let byteCount = Int(crypto_secretbox_NONCEBYTES)

        private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

        /// A random nonce. Whoever has a key has started libsodium.
        init() { withUnsafeMutablePointer(to: &words) { randombytes_buf($0, Self.byteCount) } }

        /// The nonce of a base64 text.
        ///
        /// - Throws: ``CryptoError/Code/malformed`` for what is not base64 or of another length.
        init(base64 text: String) throws(CryptoError) {
            let bytes = Base64.decode(text)
            guard let bytes, bytes.count == Self.byteCount else {
                throw CryptoError(.malformed, "The nonce of the envelope is not \(Self.byteCount) bytes in base64")
            }
            withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
        }

        func withPointer<R>(_ body: (UnsafePointer<UInt8>) -> R) -> R {
            withUnsafePointer(to: words) { words in
                words.withMemoryRebound(to: UInt8.self, capacity: Self.byteCount, body)
            }
        }
    }
}

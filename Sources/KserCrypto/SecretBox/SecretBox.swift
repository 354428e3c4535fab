import CLibsodium

/// libsodium's `crypto_secretbox`: XSalsa20 and Poly1305. A box is a tag and the encrypted content.
enum SecretBox {
    /// How many bytes a box has beyond its content.
    static let overhead = Int(crypto_secretbox_MACBYTES)
    /// Room behind opened content: a JSON parser that may read beyond the end need not copy it.
    private static let padding = 64

    /// The box of some content.
    static func seal(_ content: [UInt8], nonce: Nonce, key: SecretBoxKey) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: overhead + content.count) { box, count in
            guard let start = box.baseAddress else { return }
            nonce.withPointer { nonce in
                key.withPointer { key in
                    _ = crypto_secretbox_easy(start, content, UInt64(content.count), nonce, key)
                }
            }
            count = overhead + content.count
        }
    }

    /// The content of a box.
    ///
    /// - Throws: ``CryptoError/Code/notAuthentic`` when the key does not open it.
    static func open(_ box: [UInt8], nonce: Nonce, key: SecretBoxKey) throws(CryptoError) -> [UInt8] {
        guard box.count >= overhead else {
            throw CryptoError(.malformed, "The data of the envelope are shorter than a tag, \(overhead) bytes")
        }
        var isAuthentic = false
        let content = [UInt8](unsafeUninitializedCapacity: box.count - overhead + padding) { content, count in
            guard let start = content.baseAddress else { return }
            let status = nonce.withPointer { nonce in
                key.withPointer { key in crypto_secretbox_open_easy(start, box, UInt64(box.count), nonce, key) }
            }
            isAuthentic = status == 0
            count = isAuthentic ? box.count - overhead : 0
        }
        if isAuthentic { return content }
        throw CryptoError(
            .notAuthentic,
            "The key does not open the envelope: it was sealed with another key, or changed since"
        )
    }
}

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

import CLibsodium

/// libsodium's `crypto_secretbox`: XSalsa20 and Poly1305. A box is a tag and the encrypted content; it goes with its nonce.
struct SecretBox {
    /// How many bytes a box has beyond its content.
    static let overhead = Int(crypto_secretbox_MACBYTES)
    /// Room behind opened content: a JSON parser that may read beyond the end need not copy it.
    private static let padding = 64

    let bytes: [UInt8]
    let nonce: Nonce

    /// A box as it came.
    ///
    /// - Throws: ``CryptoError/Code/malformed`` for one that is too short for a tag.
    init(bytes: [UInt8], nonce: Nonce) throws(CryptoError) {
        guard bytes.count >= Self.overhead else {
            throw CryptoError(.malformed, "The data of the envelope are shorter than a tag, \(Self.overhead) bytes")
        }
        self.bytes = bytes
        self.nonce = nonce
    }

    /// Seals some content.
    init(sealing content: [UInt8], nonce: Nonce, key: SecretBoxKey) {
        self.nonce = nonce
        bytes = [UInt8](unsafeUninitializedCapacity: Self.overhead + content.count) { box, count in
            guard let start = box.baseAddress else { return }
            nonce.withPointer { nonce in
                key.withPointer { key in
                    _ = crypto_secretbox_easy(start, content, UInt64(content.count), nonce, key)
                }
            }
            count = Self.overhead + content.count
        }
    }

    /// The content; nil when the key does not open the box.
    func open(with key: SecretBoxKey) -> [UInt8]? {
        var isAuthentic = false
        let content = [UInt8](unsafeUninitializedCapacity: bytes.count - Self.overhead + Self.padding) {
            content,
            count in
            guard let start = content.baseAddress else { return }
            let status = nonce.withPointer { nonce in
                key.withPointer { key in crypto_secretbox_open_easy(start, bytes, UInt64(bytes.count), nonce, key) }
            }
            isAuthentic = status == 0
            count = isAuthentic ? bytes.count - Self.overhead : 0
        }
        return isAuthentic ? content : nil
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

import CLibsodium

/// A tag and the encrypted content, with the nonce that they go with.
///
/// Without a context it is libsodium's `crypto_secretbox`, XSalsa20 and Poly1305. With one it is
/// `crypto_aead_xchacha20poly1305_ietf`, whose additional data are the context, under a key derived from the same.
struct SecretBox {
    /// How many bytes a box has beyond its content, in both forms.
    static let overhead = Int(crypto_secretbox_MACBYTES)
    /// Room behind opened content: a JSON parser that may read beyond the end need not copy it.
    private static let padding = 64

    let bytes: [UInt8]
    let nonce: Nonce
    let context: MessageContext?

    /// A box as it came.
    ///
    /// - Throws: ``CryptoError/Code/malformed`` for one that is too short for a tag.
    init(bytes: [UInt8], nonce: Nonce, context: MessageContext? = nil) throws(CryptoError) {
        guard bytes.count >= Self.overhead else {
            throw CryptoError(.malformed, "The data of the envelope are shorter than a tag, \(Self.overhead) bytes")
        }
        self.bytes = bytes
        self.nonce = nonce
        self.context = context
    }

    /// Seals some content.
    init(sealing content: [UInt8], nonce: Nonce, context: MessageContext? = nil, key: SecretBoxKey) {
        self.nonce = nonce
        self.context = context
        bytes = [UInt8](unsafeUninitializedCapacity: Self.overhead + content.count) { box, count in
            guard let start = box.baseAddress else { return }
            nonce.withPointer { nonce in
                if let context {
                    let data = context.additionalData
                    key.withBindingPointer { key in
                        _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                            start,
                            nil,
                            content,
                            UInt64(content.count),
                            data,
                            UInt64(data.count),
                            nil,
                            nonce,
                            key
                        )
                    }
                } else {
                    key.withPointer { key in
                        _ = crypto_secretbox_easy(start, content, UInt64(content.count), nonce, key)
                    }
                }
            }
            count = Self.overhead + content.count
        }
    }

    /// How many bytes the content has.
    var contentCount: Int { bytes.count - Self.overhead }

    /// The content; nil when the key does not open the box.
    func open(with key: SecretBoxKey) -> [UInt8]? {
        var isAuthentic = false
        let content = [UInt8](unsafeUninitializedCapacity: contentCount + Self.padding) { content, count in
            guard let start = content.baseAddress else { return }
            isAuthentic = nonce.withPointer { nonce in open(to: start, nonce, key) } == 0
            count = isAuthentic ? contentCount : 0
        }
        return isAuthentic ? content : nil
    }

    private func open(
        to content: UnsafeMutablePointer<UInt8>,
        _ nonce: UnsafePointer<UInt8>,
        _ key: SecretBoxKey
    ) -> Int32 {
        guard let context else {
            return key.withPointer { key in
                crypto_secretbox_open_easy(content, bytes, UInt64(bytes.count), nonce, key)
            }
        }
        let data = context.additionalData
        return key.withBindingPointer { key in
            crypto_aead_xchacha20poly1305_ietf_decrypt(
                content,
                nil,
                nil,
                bytes,
                UInt64(bytes.count),
                data,
                UInt64(data.count),
                nonce,
                key
            )
        }
    }
}

import CLibsodium

/// Base64 and `crypto_secretbox` by libsodium alone, in memory that is there already.
final class RawBox {
    private static let variant = sodium_base64_VARIANT_ORIGINAL
    private let key: [UInt8]
    private var box: [UInt8]
    private var content: [UInt8]
    private var nonce = [UInt8](repeating: 7, count: Int(crypto_secretbox_NONCEBYTES))
    private(set) var data: [CChar]
    private(set) var nonceText: [CChar]

    /// - Parameters:
    ///   - key: the key's bytes.
    ///   - count: how many bytes of content there are.
    init(key: [UInt8], count: Int) {
        self.key = key
        content = [UInt8](repeating: 0, count: count)
        box = [UInt8](repeating: 0, count: count + Int(crypto_secretbox_MACBYTES))
        data = [CChar](repeating: 0, count: sodium_base64_encoded_len(box.count, Self.variant))
        nonceText = [CChar](repeating: 0, count: sodium_base64_encoded_len(nonce.count, Self.variant))
    }

    /// Seals the bytes into `data` and `nonceText`, under the same nonce each time.
    func seal(_ bytes: [UInt8]) {
        crypto_secretbox_easy(&box, bytes, UInt64(bytes.count), nonce, key)
        sodium_bin2base64(&data, data.count, box, box.count, Self.variant)
        sodium_bin2base64(&nonceText, nonceText.count, nonce, nonce.count, Self.variant)
    }

    /// Opens `data` with `nonceText`.
    ///
    /// - Returns: what was sealed.
    func open() -> [UInt8] {
        var count = 0
        sodium_base642bin(&box, box.count, data, data.count - 1, nil, &count, nil, Self.variant)
        sodium_base642bin(&nonce, nonce.count, nonceText, nonceText.count - 1, nil, &count, nil, Self.variant)
        let status = crypto_secretbox_open_easy(&content, box, UInt64(box.count), nonce, key)
        precondition(status == 0)
        return content
    }
}

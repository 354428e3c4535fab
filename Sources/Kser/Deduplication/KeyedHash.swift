/// A hash of 128 bits that nobody can steer who does not know its key: SipHash-2-4 of Aumasson and Bernstein.
///
/// It stands for texts of any length that strangers choose, where they are remembered, so that the memory is bounded.
package struct KeyedHash: Sendable {
    private let key: (UInt64, UInt64)

    package init(key: (UInt64, UInt64)) { self.key = key }

    /// One with a key of its own.
    package static func random() -> KeyedHash {
        KeyedHash(key: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)))
    }

    /// A text of at most 64 bytes as it is, a longer one as a text of about 100 that holds its hash and length.
    package func shortened(_ text: String) -> String {
        let count = text.utf8.count
        if count <= 64 { return text }
        // Longer than what is kept as it is, so the two never meet.
        return "\(self.text(of: Array(text.utf8))): the hash of \(count) bytes, which are too many to be kept"
    }

    /// The hash as 32 hexadecimal digits.
    func text(of bytes: [UInt8]) -> String {
        let (first, second) = bytes.withUnsafeBytes { hash($0) }
        return Self.hex(first) + Self.hex(second)
    }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The hash, its first 8 bytes first, each word little-endian.
    package func hash(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        var state = State(key)
        var index = 0
        while index + 8 <= bytes.count {
            state.add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
            index += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for (place, byte) in bytes[index...].enumerated() { last |= UInt64(byte) << UInt64(8 * place) }
        state.add(last)
        return state.finish()
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        init(_ key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736f_6d65_7073_6575
            v1 = key.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
            v2 = key.0 ^ 0x6c79_6765_6e65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        mutating func add(_ word: UInt64) {
            v3 ^= word
            mix()
            mix()
            v0 ^= word
        }

        mutating func finish() -> (UInt64, UInt64) {
            v2 ^= 0xee
            for _ in 0..<4 { mix() }
            let first = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xdd
            for _ in 0..<4 { mix() }
            return (first, v0 ^ v1 ^ v2 ^ v3)
        }

        private mutating func mix() {
            v0 &+= v1
            v1 = v1 &<< 13 | v1 &>> 51
            v1 ^= v0
            v0 = v0 &<< 32 | v0 &>> 32
            v2 &+= v3
            v3 = v3 &<< 16 | v3 &>> 48
            v3 ^= v2
            v0 &+= v3
            v3 = v3 &<< 21 | v3 &>> 43
            v3 ^= v0
            v2 &+= v1
            v1 = v1 &<< 17 | v1 &>> 47
            v1 ^= v2
            v2 = v2 &<< 32 | v2 &>> 32
        }
    }
}

extension DeduplicationKey {
    /// The key in bounded memory.
    package func shortened(by hash: KeyedHash) -> DeduplicationKey {
        DeduplicationKey(uuid: hash.shortened(uuid), replays: replays)
    }
}

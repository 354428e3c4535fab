import CLibsodium

/// Memory for a secret by `sodium_malloc`: between guard pages, locked, not in core dumps, zeroed at the end of its life.
///
/// It is sendable because nobody writes to it once its owner has filled and sealed it.
struct SecretMemory: ~Copyable, @unchecked Sendable {
    private let start: UnsafeMutableRawPointer
    private let count: Int

    /// Memory of this many bytes, of any content.
    init(count: Int) throws(CryptoError) {
        try Sodium.start()
        guard let start = sodium_malloc(count) else {
            throw CryptoError(.unavailable, "no memory for a key: \(count) bytes by sodium_malloc")
        }
        self.start = start
        self.count = count
    }

    deinit { sodium_free(start) }

    /// The bytes, to be filled or read.
    func withBytes<R>(_ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
        body(UnsafeMutableRawBufferPointer(start: start, count: count))
    }

    /// The bytes for libsodium.
    @inline(__always)
    func withPointer<R>(_ body: (UnsafePointer<UInt8>) -> R) -> R { body(start.assumingMemoryBound(to: UInt8.self)) }

    /// Makes any later write a crash.
    func seal() { sodium_mprotect_readonly(start) }
}

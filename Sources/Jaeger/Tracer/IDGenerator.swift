import Synchronization

/// Draws numbers for traces and spans: SplitMix64, begun at a random place with a random step. It never repeats one before
/// all 2^64 were drawn, and threads draw without a lock.
package final class IDGenerator: Sendable {
    private let position: Atomic<UInt64>
    private let step: UInt64
    private let source: (@Sendable () -> UInt128)?

    package init() {
        position = Atomic(.random(in: .min ... .max))
        step = .random(in: .min ... .max) | 1
        source = nil
    }

    /// Numbers from elsewhere, for tests.
    package init(_ source: @escaping @Sendable () -> UInt128) {
        position = Atomic(0)
        step = 1
        self.source = source
    }

    /// A number of 64 bits, never 0.
    func next64() -> UInt64 {
        if let source { return UInt64(truncatingIfNeeded: source()) }
        while true {
            var bits = position.wrappingAdd(step, ordering: .relaxed).newValue
            bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
            bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
            bits ^= bits >> 31
            if bits != 0 { return bits }
        }
    }

    /// A number of 128 bits, never 0.
    func next128() -> UInt128 {
        if let source { return source() }
        return UInt128(next64()) << 64 | UInt128(next64())
    }
}

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

    /// Whether the numbers are random.
    var isRandom: Bool { source == nil }

    /// A span's number, never 0.
    func nextSpan() -> UInt64 {
        if let source { return UInt64(truncatingIfNeeded: source()) }
        return mix(nextPlace())
    }

    /// The numbers of a trace and of its first span, never 0. They are of one place: mixing other bits of it is as good as
    /// going on, and there is one counter for all threads.
    func nextTrace(of128Bits isLong: Bool) -> (traceID: UInt128, spanID: UInt64) {
        if let source {
            let traceID = source()
            return (isLong ? traceID : UInt128(UInt64(truncatingIfNeeded: traceID)), nextSpan())
        }
        let place = nextPlace()
        let low = UInt128(mix(place ^ 0x9e37_79b9_7f4a_7c15))
        return (isLong ? UInt128(mix(place ^ 0xd1b5_4a32_d192_ed03)) << 64 | low : low, mix(place))
    }

    private func nextPlace() -> UInt64 { position.wrappingAdd(step, ordering: .relaxed).newValue }

    private func mix(_ place: UInt64) -> UInt64 {
        var bits = place
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        bits ^= bits >> 31
        return max(bits, 1)
    }
}

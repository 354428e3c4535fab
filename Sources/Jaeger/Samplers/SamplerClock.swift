/// The time and the chance that limiters go by; tests bring their own.
package struct SamplerClock: Sendable {
    /// The time in seconds.
    package var now: @Sendable () -> Double
    /// A number from 0 to 1.
    package var random: @Sendable () -> Double

    package init(now: @escaping @Sendable () -> Double, random: @escaping @Sendable () -> Double) {
        self.now = now
        self.random = random
    }

    package static let system = SamplerClock(now: { SystemTime.steady }, random: { Double.random(in: 0..<1) })
}

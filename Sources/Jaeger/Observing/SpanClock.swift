import Synchronization

/// Tells the time of day and the steady time at once, for the price of one. The difference of the two is looked up once in
/// a second.
package final class SpanClock: Sendable {
    package static let shared = SpanClock(wall: { SystemTime.now() }, steady: { SystemTime.steady })

    private let wall: @Sendable () -> Double
    let steady: @Sendable () -> Double
    /// The time of day less the steady one, as the bits of a Double.
    private let difference: Atomic<UInt64>
    /// The steady time at which the difference is looked up again, as the bits of a Double.
    private let due: Atomic<UInt64>

    package init(wall: @escaping @Sendable () -> Double, steady: @escaping @Sendable () -> Double) {
        self.wall = wall
        self.steady = steady
        difference = Atomic(0)
        due = Atomic((-Double.infinity).bitPattern)
    }

    func now() -> (wall: Double, steady: Double) {
        let steady = steady()
        if steady >= Double(bitPattern: due.load(ordering: .acquiring)) {
            difference.store((wall() - steady).bitPattern, ordering: .relaxed)
            due.store((steady + 1).bitPattern, ordering: .releasing)
        }
        return (steady + Double(bitPattern: difference.load(ordering: .relaxed)), steady)
    }
}

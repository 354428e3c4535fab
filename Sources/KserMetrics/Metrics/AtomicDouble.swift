import Foundation
import Synchronization

/// A floating-point number that many threads change.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double {
        get { Double(bitPattern: bits.load(ordering: .relaxed)) }
        set { bits.store(newValue.bitPattern, ordering: .relaxed) }
    }

    func add(_ amount: Double) {
        var seen = bits.load(ordering: .relaxed)
        while true {
            let (isExchanged, current) = bits.weakCompareExchange(
                expected: seen,
                desired: (Double(bitPattern: seen) + amount).bitPattern,
                ordering: .relaxed
            )
            if isExchanged { return }
            seen = current
        }
    }
}

/// The time in seconds since 1970.
enum Timestamp {
    static func now() -> Double { Date().timeIntervalSince1970 }
}

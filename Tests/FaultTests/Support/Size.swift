import Foundation
import Synchronization

/// The size of the tests, their random choices, and what they print.
enum Size {
    static let isFull = ProcessInfo.processInfo.environment["KSER_SOAK"] == "1"

    static func pick<Value>(_ small: Value, full: Value) -> Value { isFull ? full : small }
}

/// Random numbers from a seed (SplitMix64).
final class Dice: RandomNumberGenerator, Sendable {
    let seed: UInt64
    private let state: Mutex<UInt64>

    init() {
        let given = ProcessInfo.processInfo.environment["KSER_SEED"].flatMap { UInt64($0) }
        seed = given ?? UInt64.random(in: 0...0xFFFF_FFFF)
        state = Mutex(seed)
    }

    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    func roll<Number: FixedWidthInteger>(_ range: ClosedRange<Number>) -> Number {
        var source = self
        return .random(in: range, using: &source)
    }

    /// Moments spread over the work: this many numbers of handled tasks, ascending, none near its end.
    func moments(_ count: Int, of total: Int) -> [Int] {
        let width = total * 9 / 10 / count
        return (0..<count).map { $0 * width + roll(1...max(1, width - 1)) }
    }
}

/// Prints a row of the table that `make soak` ends with.
func report(_ test: String, _ figures: String...) {
    print("| \(test) | \(figures.joined(separator: ", ")) |")
}

extension Double {
    /// With one digit after the point.
    var shown: String { String(format: "%.1f", self) }
}

extension Duration {
    var shown: String { "\((self / .seconds(1)).shown) s" }
}

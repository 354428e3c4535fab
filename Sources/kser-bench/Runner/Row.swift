/// A figure of ours beside what it is compared with.
struct Row: Sendable {
    var name: String
    var ours: Double
    var baseline: Double
    var unit: String
    var higherIsBetter = true
    /// The ratio that we want, at least or at most.
    var target: Double

    /// Ours divided by the baseline.
    var ratio: Double { ours / baseline }

    var isMet: Bool { higherIsBetter ? ratio >= target : ratio <= target }

    /// A figure that is to stay below a limit; the limit is its baseline.
    static func limit(_ name: String, _ figure: Double, below limit: Double, _ unit: String) -> Row {
        Row(name: name, ours: figure, baseline: limit, unit: unit, higherIsBetter: false, target: 1)
    }
}

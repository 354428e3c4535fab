import Foundation

/// How far long work has come, on standard error: a bar where a person watches, otherwise a line every second when asked.
final class ProgressBar {
    private let total: Int?
    private let unit: String
    private let isShown: Bool
    private let start = ContinuousClock.now
    private var last: ContinuousClock.Instant?

    /// Makes a bar.
    ///
    /// - Parameters:
    ///   - total: how much there is to do; nil when that is not known.
    ///   - unit: what is counted.
    ///   - isForced: whether it is shown to no one in particular, too.
    init(_ total: Int?, _ unit: String, isForced: Bool) {
        self.total = total
        self.unit = unit
        isShown = Console.isWatched || isForced
    }

    /// Shows how much is done, ten times a second at most.
    func update(_ done: Int) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let last, now - last < (Console.isWatched ? .milliseconds(100) : .seconds(1)) { return }
        last = now
        Console.show(Console.isWatched ? "\r\(bar(done))\u{1B}[K" : "\(text(done))\n")
    }

    /// Shows the end.
    func finish(_ done: Int) {
        guard isShown else { return }
        Console.show(Console.isWatched ? "\r\(bar(done))\u{1B}[K\n" : "\(text(done))\n")
    }

    private func bar(_ done: Int) -> String {
        guard let total, total > 0 else { return text(done) }
        let width = 30
        let full = min(width, done * width / total)
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
        return "[\(bar)] \(text(done))"
    }

    private func text(_ done: Int) -> String {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rate = seconds > 0 ? Int(Double(done) / seconds) : 0
        return "\(done)\(total.map { " of \($0)" } ?? "") \(unit), \(rate)/s"
    }
}

import KserMetrics

extension MetricsRegistry {
    /// The lines of the exposition.
    func lines(_ format: ExpositionFormat = .text) -> [String] {
        String(decoding: exposition(format), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The value of the sample that begins with this text, up to the value; nil when there is none.
    func sample(_ name: String) -> Double? {
        lines().first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
    }
}

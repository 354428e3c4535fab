/// Measures two contenders in turn, so that what else the machine does falls on both, and keeps the medians.
struct Rounds {
    var count: Int

    /// Each contender gives a figure; its first one is for warming up and not counted.
    func compare(
        _ ours: @escaping () async throws -> Double,
        with baseline: @escaping () async throws -> Double
    ) async throws -> (ours: Double, baseline: Double) {
        let figures = try await medians(ours, baseline)
        return (figures[0], figures[1])
    }

    /// The medians of any number of contenders.
    func medians(_ contenders: (() async throws -> Double)...) async throws -> [Double] {
        var figures: [[Double]] = contenders.map { _ in [] }
        for round in 0...count {
            for (index, contender) in contenders.enumerated() {
                let figure = try await contender()
                if round > 0 { figures[index].append(figure) }
            }
        }
        return figures.map(\.median)
    }
}

extension [Double] {
    /// The middle one, or the mean of the two in the middle.
    var median: Double {
        let sorted = sorted()
        let middle = count / 2
        return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

// What a user makes.
extension MetricsRegistry {
    /// A counter; see ``Counter``.
    ///
    /// - Parameters:
    ///   - name: its name, with or without `_total`.
    ///   - help: what it counts, for people.
    /// - Returns: the counter, to be kept.
    /// - Throws: ``MetricsError`` for a name that is taken or not legal.
    public func counter(_ name: String, help: String) throws(MetricsError) -> Counter {
        try makeFamily(FamilyDescription(.counter, name, help: help)) { Counter($0) }.series([])
    }

    /// Counters by label.
    ///
    /// - Parameters:
    ///   - name: their name, with or without `_total`.
    ///   - help: what they count, for people.
    ///   - labels: the labels' names. What tells users, tasks or messages apart by the thousand is no label.
    /// - Returns: the counters, to be kept.
    /// - Throws: ``MetricsError`` for a name that is taken or not legal.
    public func counter(_ name: String, help: String, labels: [String]) throws(MetricsError) -> MetricFamily<Counter> {
        try makeFamily(FamilyDescription(.counter, name, help: help, labels: labels)) { Counter($0) }
    }

    /// A gauge; see ``Gauge``.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - help: what it measures, for people.
    /// - Returns: the gauge, to be kept.
    /// - Throws: ``MetricsError`` for a name that is taken or not legal.
    public func gauge(_ name: String, help: String) throws(MetricsError) -> Gauge {
        try makeFamily(FamilyDescription(.gauge, name, help: help)) { Gauge($0) }.series([])
    }

    /// Gauges by label.
    ///
    /// - Parameters:
    ///   - name: their name.
    ///   - help: what they measure, for people.
    ///   - labels: the labels' names.
    /// - Returns: the gauges, to be kept.
    /// - Throws: ``MetricsError`` for a name that is taken or not legal.
    public func gauge(_ name: String, help: String, labels: [String]) throws(MetricsError) -> MetricFamily<Gauge> {
        try makeFamily(FamilyDescription(.gauge, name, help: help, labels: labels)) { Gauge($0) }
    }

    /// A gauge that is read whenever the metrics are.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - help: what it measures, for people.
    ///   - value: gives the number; it must be quick and not block.
    /// - Throws: ``MetricsError`` for a name that is taken or not legal.
    public func gauge(_ name: String, help: String, value: @escaping @Sendable () -> Double) throws(MetricsError) {
        let description = try FamilyDescription(.gauge, name, help: help)
        try add(ReadGauge(description: description, value: value), [description])
    }

    /// A histogram; see ``Histogram``.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - help: what it measures and in which unit, for people.
    ///   - bounds: the upper bounds of its buckets, in rising order; one for the rest comes by itself.
    /// - Returns: the histogram, to be kept.
    /// - Throws: ``MetricsError`` for a name that is taken or not legal, or bounds in no order.
    public func histogram(
        _ name: String,
        help: String,
        bounds: [Double] = Histogram.durationBounds
    ) throws(MetricsError) -> Histogram {
        try histogram(name, help: help, labels: [], bounds: bounds).series([])
    }

    /// Histograms by label.
    ///
    /// - Parameters:
    ///   - name: their name.
    ///   - help: what they measure and in which unit, for people.
    ///   - labels: the labels' names.
    ///   - bounds: the upper bounds of their buckets, in rising order; one for the rest comes by itself.
    /// - Returns: the histograms, to be kept.
    /// - Throws: ``MetricsError`` for a name that is taken or not legal, or bounds in no order.
    public func histogram(
        _ name: String,
        help: String,
        labels: [String],
        bounds: [Double] = Histogram.durationBounds
    ) throws(MetricsError) -> MetricFamily<Histogram> {
        let bounds = bounds.last == .infinity ? Array(bounds.dropLast()) : bounds
        let isRising = zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
        guard !bounds.isEmpty, isRising, bounds.allSatisfy(\.isFinite) else {
            throw MetricsError(.bounds, "bounds of histogram \(name): give finite numbers, each above the one before")
        }
        let texts = (bounds + [.infinity]).map { Array("le=\"\($0.exposition)\"".utf8) }
        return try makeFamily(FamilyDescription(.histogram, name, help: help, labels: labels)) {
            Histogram($0, bounds: bounds, boundTexts: texts)
        }
    }
}

/// A gauge that is read whenever the metrics are.
private struct ReadGauge: MetricSource {
    let description: FamilyDescription
    let value: @Sendable () -> Double

    func write(to writer: inout ExpositionWriter) {
        writer.begin(description)
        writer.sample(Array(description.name.utf8), .none, value())
    }
}

import Synchronization

/// How measured values are spread: how many are at most as large as each of its bounds, their sum and their count.
///
///     let sizes = try registry.histogram("app_mail_bytes", help: "Size of mails", bounds: [1e3, 1e4, 1e5, 1e6])
///     sizes.observe(Double(mail.count))
public final class Histogram: Sendable {
    /// The bounds that OpenTelemetry advises for durations in seconds: 5 ms to 10 s.
    public static let durationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

    private let bounds: [Double]
    /// How many values each bucket holds, those of lower buckets not included; the last one is for the rest.
    private let cells: [Cell]
    private let total = AtomicDouble()
    /// The bounds as labels, that of the last bucket included.
    let boundTexts: [[UInt8]]
    let labels: LabelText
    let created = Timestamp.now()

    private final class Cell: Sendable {
        let count = Atomic<UInt64>(0)
        let exemplar = Mutex<Exemplar?>(nil)
    }

    /// A value of a bucket, and the trace in which it came about.
    struct Exemplar: Sendable {
        let traceID: String
        let value: Double
        let time: Double
    }

    init(_ labels: LabelText, bounds: [Double], boundTexts: [[UInt8]]) {
        self.labels = labels
        self.boundTexts = boundTexts
        self.bounds = bounds
        cells = (0...bounds.count).map { _ in Cell() }
    }

    /// The sum of all values.
    public var sum: Double { total.value }

    /// How many values there were.
    public var count: Int { Int(counts.reduce(0, +)) }

    /// How many values each bucket holds by itself.
    var counts: [UInt64] { cells.map { $0.count.load(ordering: .relaxed) } }

    /// The latest value of each bucket whose trace is known.
    var exemplars: [Exemplar?] { cells.map { $0.exemplar.withLock { $0 } } }

    /// Whether the sum may only grow, as OpenMetrics wants it; values below 0 end that.
    var hasGrowingSum: Bool { (bounds.first ?? 0) >= 0 && sum >= 0 }

    /// Notes a value; one that is not a number is ignored.
    ///
    /// - Parameters:
    ///   - value: the value.
    ///   - traceID: the trace in which it came about, up to 64 hexadecimal digits; OpenMetrics shows the latest of each bucket
    ///     as its exemplar.
    public func observe(_ value: Double, traceID: String? = nil) {
        if value.isNaN { return }
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        cells[index].count.wrappingAdd(1, ordering: .relaxed)
        total.add(value)
        guard let traceID, traceID.utf8.count <= 64, traceID.allSatisfy(\.isHexDigit) else { return }
        let exemplar = Exemplar(traceID: traceID, value: value, time: Timestamp.now())
        cells[index].exemplar.withLock { $0 = exemplar }
    }

    /// Notes a duration, in seconds.
    public func observe(_ duration: Duration) { observe(duration.inSeconds) }
}

extension Duration {
    /// The duration in seconds.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

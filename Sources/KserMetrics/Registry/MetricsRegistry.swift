import Synchronization

/// The metrics of a program: makes them, and writes them as Prometheus reads them.
///
///     let registry = MetricsRegistry()
///     let mails = try registry.counter("app_mails_sent", help: "Mails handed to the server")
///
/// A name that Prometheus would refuse, or that is taken, throws here and never when the metrics are read.
public final class MetricsRegistry: Sendable {
    private struct State {
        var names: Set<String> = []
        var sources: [any MetricSource] = []
    }

    /// How many series one metric may have before further ones are folded into one; see ``MetricFamily``.
    public let seriesLimit: Int
    private let state = Mutex(State())
    private let folded: MetricFamily<Counter>

    /// Makes an empty registry.
    ///
    /// - Parameter seriesLimit: how many series one metric may have; 1,000 by default.
    public init(seriesLimit: Int = 1_000) {
        self.seriesLimit = max(1, seriesLimit)
        folded = MetricFamily(.folded, limit: .max, onFold: {}, make: { Counter($0) })
        state.withLock { $0.names.formUnion(FamilyDescription.folded.sampleNames) }
    }

    /// Adds a metric.
    ///
    /// - Throws: ``MetricsError/Code/duplicate`` when one of its samples would have the name of another metric's.
    func add(_ source: any MetricSource, _ descriptions: [FamilyDescription]) throws(MetricsError) {
        try state.withLock { state throws(MetricsError) in
            let names = descriptions.flatMap(\.sampleNames)
            if let taken = names.first(where: state.names.contains) {
                throw MetricsError(
                    .duplicate,
                    "metric name \"\(taken)\": it is taken; register a metric once and keep it"
                )
            }
            state.names.formUnion(names)
            state.sources.append(source)
        }
    }

    func makeFamily<Child: Sendable>(
        _ description: FamilyDescription,
        _ make: @escaping @Sendable (LabelText) -> Child
    ) throws(MetricsError) -> MetricFamily<Child> where MetricFamily<Child>: MetricSource {
        let family = MetricFamily(
            description,
            limit: seriesLimit,
            onFold: { [weak self] in self?.folded.series([description.name]).increment() },
            make: make
        )
        try add(family, [description])
        return family
    }

    /// All metrics, as Prometheus reads them.
    public func exposition(_ format: ExpositionFormat = .text) -> [UInt8] {
        let sources = state.withLock { $0.sources }
        var writer = ExpositionWriter(format)
        for source in sources { source.write(to: &writer) }
        if !folded.all.isEmpty { folded.write(to: &writer) }
        return writer.finish()
    }
}

/// What a registry holds: metrics that write themselves.
protocol MetricSource: Sendable {
    func write(to writer: inout ExpositionWriter)
}

extension FamilyDescription {
    fileprivate static let folded = FamilyDescription(
        checked: .counter,
        "kser_metrics_folded",
        help: "How often a series was asked for that a metric had no room for",
        labels: ["metric"]
    )

    /// A description that is known to be right.
    private init(checked kind: Kind, _ name: String, help: String, labels: [String]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        tellsCreation = false
    }
}

import Kser
import Synchronization

/// A metric with labels: one series for each combination of their values.
///
///     let mails = try registry.counter("app_mails_sent", help: "Mails handed over", labels: ["domain"])
///     try mails.labels("example.org").increment()
///
/// What ``labels(_:)`` returns may be kept, which saves the look-up. A family has at most as many series as
/// ``MetricsRegistry/seriesLimit``; further combinations share one whose values are all `_other`, and
/// `kser_metrics_folded_total` counts how often one was asked for.
public final class MetricFamily<Child: Sendable>: Sendable {
    private struct State {
        var children: [LabelValues: Child] = [:]
        /// In the order they were made.
        var list: [Child] = []
    }

    let description: FamilyDescription
    private let limit: Int
    private let make: @Sendable (LabelText) -> Child
    private let onFold: @Sendable () -> Void
    private let state = Mutex(State())

    init(
        _ description: FamilyDescription,
        limit: Int,
        onFold: @escaping @Sendable () -> Void,
        make: @escaping @Sendable (LabelText) -> Child
    ) {
        self.description = description
        self.limit = limit
        self.onFold = onFold
        self.make = make
    }

    /// The series of these values, which are in the order of the labels' names.
    ///
    /// - Throws: ``MetricsError/Code/labels`` when there are more or fewer values than labels.
    public func labels(_ values: String...) throws(MetricsError) -> Child {
        guard values.count == description.labels.count else {
            throw MetricsError(
                .labels,
                "metric \(description.name): \(values.count) values for the labels "
                    + "\(description.labels.joined(separator: ", ")); give one for each"
            )
        }
        return series(values)
    }

    /// The series of values that are as many as the labels.
    func series(_ values: [String]) -> Child {
        let key = LabelValues(texts: values)
        let (child, isFolded) = state.withLock { state -> (Child, Bool) in
            if let child = state.children[key] { return (child, false) }
            let isFolded = state.children.count >= limit
            // Somebody may have used this value too: then that series is the one for all others.
            let values = isFolded ? values.map { _ in "_other" } : values
            let key = isFolded ? LabelValues(texts: values) : key
            if isFolded, let child = state.children[key] { return (child, true) }
            let child = make(LabelText(description.labels, values))
            state.children[key] = child
            state.list.append(child)
            return (child, isFolded)
        }
        if isFolded { onFold() }
        return child
    }

    /// All series, in the order they were made.
    var all: [Child] { state.withLock { $0.list } }
}

/// The values of a series' labels, told apart by their bytes: two spellings of a text that looks the same are two series
/// for Prometheus.
private struct LabelValues: Hashable {
    let texts: [String]

    static func == (left: Self, right: Self) -> Bool {
        left.texts.elementsEqual(right.texts) { $0.hasSameScalars(as: $1) }
    }

    func hash(into hasher: inout Hasher) { for text in texts { hasher.combine(ScalarKey(text)) } }
}

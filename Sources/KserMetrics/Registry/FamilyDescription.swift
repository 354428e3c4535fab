/// What all series of a metric share.
struct FamilyDescription: Sendable {
    enum Kind: String, Sendable { case counter, gauge, histogram }

    /// The name without a suffix.
    let name: String
    let help: String
    let kind: Kind
    let labels: [String]
    /// Whether samples tell when their series was made.
    let tellsCreation: Bool

    /// - Throws: ``MetricsError`` for a name or label that Prometheus does not take.
    init(
        _ kind: Kind,
        _ name: String,
        help: String,
        labels: [String] = [],
        tellsCreation: Bool = false
    ) throws(MetricsError) {
        self.name = kind == .counter && name.hasSuffix("_total") ? String(name.dropLast(6)) : name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.tellsCreation = tellsCreation
        try check()
    }

    /// The names of all samples that the metric may have.
    var sampleNames: [String] {
        switch kind {
        case .counter: [name, name + "_total", name + "_created"]
        case .gauge: [name]
        case .histogram: [name, name + "_bucket", name + "_sum", name + "_count", name + "_created"]
        }
    }

    private func check() throws(MetricsError) {
        guard Self.isLegal(name, extra: ":") else {
            throw MetricsError(
                .name,
                "metric name \"\(name)\": use letters, digits, _ and :, and begin with no digit"
            )
        }
        var seen: Set<String> = []
        for label in labels {
            guard Self.isLegal(label, extra: ""), !label.hasPrefix("__") else {
                throw MetricsError(
                    .name,
                    "label name \"\(label)\" of metric \(name): use letters, digits and _, and begin with neither a "
                        + "digit nor __"
                )
            }
            if kind == .histogram, label == "le" {
                throw MetricsError(.name, "label name \"le\" of histogram \(name): it is that of the bounds")
            }
            guard seen.insert(label).inserted else {
                throw MetricsError(.name, "label name \"\(label)\" of metric \(name): it is there twice")
            }
        }
    }

    private static func isLegal(_ name: String, extra: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: extra.utf8.contains(byte)
            }
        }
    }
}

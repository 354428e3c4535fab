extension MetricFamily: MetricSource where Child: Series {
    func write(to writer: inout ExpositionWriter) {
        let names = SampleNames(description)
        let children = all
        let inline = description.tellsCreation && writer.format == .openMetrics
        writer.begin(description)
        for child in children {
            child.write(to: &writer, names)
            if inline, let created = child.creation { writer.sample(names.created, child.labels, created) }
        }
        guard description.tellsCreation, !inline, !children.isEmpty else { return }
        writer.beginCreated(description)
        for child in children {
            if let created = child.creation { writer.sample(names.created, child.labels, created) }
        }
    }
}

/// One series of a metric.
protocol Series: Sendable {
    var labels: LabelText { get }
    /// When it was made, in seconds since 1970; nil for what has no beginning.
    var creation: Double? { get }
    func write(to writer: inout ExpositionWriter, _ names: SampleNames)
}

/// The names of a metric's samples.
struct SampleNames {
    let plain: [UInt8]
    let total: [UInt8]
    let bucket: [UInt8]
    let sum: [UInt8]
    let count: [UInt8]
    let created: [UInt8]

    init(_ description: FamilyDescription) {
        plain = Array(description.name.utf8)
        total = plain + "_total".utf8
        bucket = plain + "_bucket".utf8
        sum = plain + "_sum".utf8
        count = plain + "_count".utf8
        created = plain + "_created".utf8
    }
}

extension Counter: Series {
    var creation: Double? { created }

    func write(to writer: inout ExpositionWriter, _ names: SampleNames) { writer.sample(names.total, labels, value) }
}

extension Gauge: Series {
    var creation: Double? { nil }

    func write(to writer: inout ExpositionWriter, _ names: SampleNames) { writer.sample(names.plain, labels, value) }
}

extension Histogram: Series {
    var creation: Double? { created }

    func write(to writer: inout ExpositionWriter, _ names: SampleNames) {
        var total: UInt64 = 0
        for ((count, bound), exemplar) in zip(zip(counts, boundTexts), exemplars) {
            total += count
            writer.bucket(names.bucket, labels, bound: bound, Double(total), exemplar)
        }
        // What OpenMetrics does not allow would have a strict reader drop the whole page.
        if writer.format == .openMetrics, !hasGrowingSum { return }
        writer.sample(names.count, labels, Double(total))
        writer.sample(names.sum, labels, sum)
    }
}

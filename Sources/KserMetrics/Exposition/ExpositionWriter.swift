/// Writes metrics line by line.
struct ExpositionWriter {
    let format: ExpositionFormat
    private var bytes: [UInt8] = []

    init(_ format: ExpositionFormat) {
        self.format = format
        bytes.reserveCapacity(1 << 16)
    }

    /// Writes the lines before the samples of a metric.
    mutating func begin(_ family: FamilyDescription) {
        let name = family.kind == .counter && format == .text ? family.name + "_total" : family.name
        begin(name, family.help, family.kind)
    }

    /// Writes the lines before samples that tell when series were made, which are gauges of their own in text format.
    mutating func beginCreated(_ family: FamilyDescription) { begin(family.name + "_created", family.help, .gauge) }

    private mutating func begin(_ name: String, _ help: String, _ kind: FamilyDescription.Kind) {
        bytes += "# HELP \(name) \(escaped(help))\n# TYPE \(name) \(kind.rawValue)\n".utf8
    }

    /// Writes a sample.
    mutating func sample(_ name: [UInt8], _ labels: LabelText, _ value: Double) {
        bytes += name
        bytes += labels.braced
        write(value)
    }

    /// Writes the sample of a histogram's bucket, with its exemplar where the format has them.
    mutating func bucket(
        _ name: [UInt8],
        _ labels: LabelText,
        bound: [UInt8],
        _ value: Double,
        _ exemplar: Histogram.Exemplar?
    ) {
        bytes += name
        bytes.append(UInt8(ascii: "{"))
        bytes += labels.beforeBound
        bytes += bound
        bytes += labels.afterBound
        bytes.append(UInt8(ascii: "}"))
        guard format == .openMetrics, let exemplar else { return write(value) }
        let time = "\(Int64(exemplar.time)).\(String(Int64(exemplar.time * 1_000) % 1_000 + 1_000).dropFirst())"
        write(value, " # {trace_id=\"\(exemplar.traceID)\"} \(exemplar.value.exposition) \(time)")
    }

    private mutating func write(_ value: Double, _ suffix: String = "") {
        bytes.append(UInt8(ascii: " "))
        bytes += value.exposition.utf8
        bytes += suffix.utf8
        bytes.append(UInt8(ascii: "\n"))
    }

    /// All that was written.
    consuming func finish() -> [UInt8] {
        if format == .openMetrics { bytes += "# EOF\n".utf8 }
        return bytes
    }

    private func escaped(_ help: String) -> String {
        help.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where format == .openMetrics: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Double {
    /// The number as prometheus_client writes it: Python's `repr`, and an exponent from a million on, as Go has it.
    var exposition: String {
        if let whole = Int(exactly: self), whole.magnitude < 1_000_000, sign == .plus || whole != 0 {
            return "\(whole).0"
        }
        if isNaN { return "NaN" }
        if isInfinite { return self > 0 ? "+Inf" : "-Inf" }
        let text = description
        guard self > 0, let dot = text.firstIndex(of: ".") else { return text }
        let digits = text[..<dot].utf8.count
        guard digits > 6 else { return text }
        var mantissa = "\(text.prefix(1)).\(text[..<dot].dropFirst())\(text[text.index(after: dot)...])"
        while mantissa.hasSuffix("0") || mantissa.hasSuffix(".") { mantissa.removeLast() }
        return "\(mantissa)e+\(digits > 10 ? "" : "0")\(digits - 1)"
    }
}

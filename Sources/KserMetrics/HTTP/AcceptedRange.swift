/// One of what a client accepts: a media type or a coding, and how much it likes it.
struct AcceptedRange {
    /// In lower case.
    var name: String
    /// The names in lower case, the values without quotes.
    var parameters: [String: String]
    /// From 0, which is not at all, to 1.
    var quality: Double

    /// The ranges in a header (RFC 9110, section 12.4.2). A quality that is no number from 0 to 1 counts as 1.
    static func all(in header: String?) -> [AcceptedRange] {
        (header ?? "").split(separator: ",").compactMap { range in
            let parts = range.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimming(" \t") }
            guard let name = parts.first, !name.isEmpty else { return nil }
            var parameters: [String: String] = [:]
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimming(" \t") }
                if pair.count == 2 { parameters[pair[0].lowercased()] = pair[1].trimming("\"") }
            }
            let quality = parameters["q"].flatMap(Double.init)
            return AcceptedRange(
                name: name.lowercased(),
                parameters: parameters,
                quality: quality.map((0...1).contains) == true ? quality ?? 1 : 1
            )
        }
    }

    /// Whether a header accepts gzip.
    static func acceptsGzip(_ header: String?) -> Bool {
        let ranges = all(in: header)
        let range = ranges.first { ["gzip", "x-gzip"].contains($0.name) } ?? ranges.first { $0.name == "*" }
        return (range?.quality ?? 0) > 0
    }
}

extension StringProtocol {
    fileprivate func trimming(_ characters: String) -> String {
        String(drop { characters.contains($0) }.reversed().drop { characters.contains($0) }.reversed())
    }
}

/// How metrics are written.
public enum ExpositionFormat: Sendable, Hashable {
    /// Prometheus text format 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openMetrics

    /// The format's media type, as prometheus_client gives it.
    public var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
        }
    }

    /// The format that a client prefers.
    ///
    /// - Parameter accept: the value of its `Accept` header (RFC 9110, section 12.5.1), several with commas between them.
    /// - Returns: OpenMetrics when the client asks for it, and for nothing else more; otherwise text.
    public static func preferred(by accept: String?) -> ExpositionFormat {
        var openMetrics = 0.0
        // Of the ranges that text is in, the narrowest counts.
        var text: [String: Double] = [:]
        for range in AcceptedRange.all(in: accept) {
            switch range.name {
            case "application/openmetrics-text" where ["1.0.0", "0.0.1", nil].contains(range.parameters["version"]):
                openMetrics = max(openMetrics, range.quality)
            case "text/plain", "text/*", "*/*": text[range.name] = max(text[range.name] ?? 0, range.quality)
            default: break
            }
        }
        let quality = text["text/plain"] ?? text["text/*"] ?? text["*/*"] ?? 0
        return openMetrics > 0 && openMetrics >= quality ? .openMetrics : .text
    }
}

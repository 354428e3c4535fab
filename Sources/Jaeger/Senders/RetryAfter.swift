import Foundation

/// The header `Retry-After`: seconds, or a date.
enum RetryAfter {
    /// No server makes us wait longer than this.
    private static let longest: Duration = .seconds(300)

    static func duration(_ header: String?, now: Double = SystemTime.now()) -> Duration? {
        guard let header = header?.trimmingBlanks, !header.isEmpty else { return nil }
        if let seconds = Int(header) { return seconds < 0 ? nil : min(.seconds(seconds), longest) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        guard let date = format.date(from: String(header)) else { return nil }
        return min(max(.seconds(date.timeIntervalSince1970 - now), .zero), longest)
    }
}

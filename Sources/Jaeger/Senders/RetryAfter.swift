import Foundation

/// The header `Retry-After`: seconds, or a date in one of the three forms that HTTP knows.
package enum RetryAfter {
    /// No server makes us wait longer than this.
    private static let longest: Duration = .seconds(300)

    /// The date of today, the one before it and that of C's `asctime`.
    private static let formats = [
        "EEE, dd MMM yyyy HH:mm:ss zzz", "EEEE, dd-MMM-yy HH:mm:ss zzz", "EEE MMM d HH:mm:ss yyyy",
    ]

    package static func duration(_ header: String?, now: Double = SystemTime.now()) -> Duration? {
        guard let header = header?.trimmingBlanks, !header.isEmpty else { return nil }
        if header.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return Int(header).map { min(.seconds($0), longest) } ?? longest
        }
        guard let date = date(header, now: now), let wait = Duration(boundedSeconds: date - now) else { return nil }
        return min(wait, longest)
    }

    /// A date in seconds since the epoch.
    private static func date(_ header: some StringProtocol, now: Double) -> Double? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        // A year of two digits is the one that is no more than 50 years ahead.
        format.twoDigitStartDate = Date(timeIntervalSince1970: now - 50 * 365.25 * 86_400)
        // As `asctime` pads the day with a blank.
        let text = header.split(separator: " ").joined(separator: " ")
        for pattern in formats {
            format.dateFormat = pattern
            if let date = format.date(from: text) { return date.timeIntervalSince1970 }
        }
        return nil
    }
}

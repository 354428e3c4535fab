import Foundation

/// How a `Date` is written in JSON.
///
/// A ``Controller`` has one for the params and the outputs of its handlers, an ``Entrypoint`` may have its own. Where you
/// encode and decode yourself, give it to ``JSON/init(encoding:userInfo:dateStrategy:)`` and
/// ``JSONObject/decode(_:userInfo:dateStrategy:)``.
public enum DateStrategy: Sendable, Hashable {
    /// Seconds since 2001-01-01T00:00:00Z: what Foundation's coders do by default, and the default here.
    case secondsSince2001
    /// Seconds since 1970-01-01T00:00:00Z, as Python's `time.time()`.
    case secondsSince1970
    /// Milliseconds since 1970-01-01T00:00:00Z, as Java and JavaScript count them.
    case millisecondsSince1970
    /// Text such as `2024-02-29T12:30:00Z`, in UTC, to the millisecond where there is a fraction. Read are offsets and
    /// fractions of any length too, as Python's `isoformat()` writes them.
    case iso8601
}

extension DateStrategy {
    /// The date that a number stands for.
    func date(_ number: Double) -> Date {
        switch self {
        case .secondsSince2001, .iso8601: Date(timeIntervalSinceReferenceDate: number)
        case .secondsSince1970: Date(timeIntervalSince1970: number)
        case .millisecondsSince1970: Date(timeIntervalSince1970: number / 1_000)
        }
    }

    /// The number that stands for a date.
    func number(_ date: Date) -> Double {
        switch self {
        case .secondsSince2001, .iso8601: date.timeIntervalSinceReferenceDate
        case .secondsSince1970: date.timeIntervalSince1970
        case .millisecondsSince1970: date.timeIntervalSince1970 * 1_000
        }
    }

    /// The date of an ISO 8601 text; nil for what is none.
    static func date(iso8601 text: String) -> Date? {
        // Foundation takes the 30th of February for the 1st of March.
        let local = "\(text.prefix(19))Z"
        guard (try? Date(local, strategy: .iso8601))?.formatted(.iso8601) == local else { return nil }
        if let date = try? Date(text, strategy: .iso8601) { return date }
        guard let point = text.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let rest = text[text.utf8.index(after: point)...]
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let fraction = Double("0.\(digits)"),
            let date = try? Date(String(text[..<point] + rest.dropFirst(digits.count)), strategy: .iso8601)
        else { return nil }
        return date + fraction
    }

    /// The ISO 8601 text of a date; nil for years that have none.
    static func iso8601(_ date: Date) -> String? {
        let milliseconds = (date.timeIntervalSince1970 * 1_000).rounded()
        // The years 1 to 9999.
        guard milliseconds >= -62_135_596_800_000, milliseconds < 253_402_300_800_000 else { return nil }
        let hasFraction = milliseconds.truncatingRemainder(dividingBy: 1_000) != 0
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction)
        // A hair above, for the style cuts off what is below a millisecond.
        return Date(timeIntervalSince1970: (milliseconds + 0.1) / 1_000).formatted(style)
    }
}

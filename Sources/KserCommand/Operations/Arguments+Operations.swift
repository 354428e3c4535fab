import Foundation
import Kser

extension TaskStatus {
    /// The states of operations.
    static let ofOperations: [TaskStatus] =
        [.pending, .running, .paused, .cancelling, .compensating] + ofEndedOperations
    /// The states in which operations end.
    static let ofEndedOperations: [TaskStatus] = [.success, .failed, .cancelled]
}

extension Arguments {
    /// The time in milliseconds since 1970.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    /// The states that `--status` names, in any case.
    func operationStatuses(in known: [TaskStatus]) throws -> Set<TaskStatus> {
        Set(
            try all("status").map { word in
                let status = TaskStatus(rawValue: word.uppercased())
                if known.contains(status) { return status }
                let names = known.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--status must be one of \(names), not \"\(word)\"")
            }
        )
    }

    /// An option's value as a time: a date, a date with the time, or how long ago.
    func time(_ name: String) throws -> Int64? {
        guard let word = text(name) else { return nil }
        if let ago = Self.duration(word) { return Self.now.subtractingSaturating(ago.milliseconds) }
        let date = try? Date(word, strategy: .iso8601.year().month().day())
        if let date = (try? Date(word, strategy: .iso8601)) ?? date {
            return Int64(date.timeIntervalSince1970 * 1_000)
        }
        throw UsageError("--\(name) must be a time such as 2026-11-27, 2026-11-27T10:00:00Z or 24h, not \"\(word)\"")
    }

    /// An option's value as a duration; without a unit, in seconds.
    func duration(_ name: String) throws -> Duration? {
        guard let word = text(name) else { return nil }
        if let duration = Self.duration(word) ?? Double(word).flatMap({ Self.duration($0, of: 1) }) { return duration }
        throw UsageError("--\(name) must be a duration such as 90s, 15m, 24h or 30d, not \"\(word)\"")
    }

    private static func duration(_ word: String) -> Duration? {
        guard let unit = word.last, let number = Double(word.dropLast()) else { return nil }
        switch unit {
        case "s": return duration(number, of: 1)
        case "m": return duration(number, of: 60)
        case "h": return duration(number, of: 3_600)
        case "d": return duration(number, of: 86_400)
        default: return nil
        }
    }

    private static func duration(_ number: Double, of unit: Double) -> Duration? {
        guard number >= 0, number * unit < 1e11 else { return nil }
        return .milliseconds(Int64(number * unit * 1_000))
    }
}

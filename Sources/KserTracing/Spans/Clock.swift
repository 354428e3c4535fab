import Foundation

enum Clock {
    /// Seconds since the epoch.
    static func now() -> Double { Date().timeIntervalSince1970 }
}

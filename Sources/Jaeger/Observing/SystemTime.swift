import Foundation
#if canImport(Glibc)
// Either may own `timespec`: it is the one that the compiler meets first.
import Glibc
import SwiftOverlayShims
#endif

/// The system's clocks, in seconds.
package enum SystemTime {
    /// Seconds since the epoch.
    @Sendable package static func now() -> Double { read(CLOCK_REALTIME) }

    /// Seconds since the epoch as of the last tick of the system's clock, some milliseconds ago at most: where there is such
    /// a clock, it costs a fifth.
    @Sendable static func tick() -> Double {
        #if os(Linux)
        read(CLOCK_REALTIME_COARSE)
        #else
        now()
        #endif
    }

    /// Seconds since some moment; it never goes back.
    package static var steady: Double { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

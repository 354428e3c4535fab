import Foundation

/// The processor time of this process, all threads together, in seconds.
///
/// Work that only computes is measured with it: unlike the wall clock it does not count what other processes take.
enum CPUTime {
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// How often a second of processor time the body runs.
    static func rate(_ count: Int, _ body: () async throws -> Void) async rethrows -> Double {
        let start = now
        for _ in 0..<count { try await body() }
        return Double(count) / (now - start)
    }
}

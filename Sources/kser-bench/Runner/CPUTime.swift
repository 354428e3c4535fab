import Foundation

/// The processor time of this process, all threads together, in seconds.
///
/// Work that only computes is measured with it: unlike the wall clock it does not count what other processes take.
enum CPUTime {
    static var now: Double { read(CLOCK_PROCESS_CPUTIME_ID) }

    /// What this thread has used.
    static var ofThread: Double { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// How often a second of processor time the body runs. It is inlined, so that calling the body costs nothing.
    @inline(__always)
    static func rate(_ count: Int, _ body: () async throws -> Void) async rethrows -> Double {
        let start = now
        for _ in 0..<count { try await body() }
        return Double(count) / (now - start)
    }

    /// What the threads of this name have used so far, in seconds; 0 where the system does not tell (it does on Linux).
    static func ofThreads(named name: String) -> Double {
        let tasks = "/proc/self/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return threads.reduce(0) { sum, thread in
            guard let own = try? String(contentsOfFile: "\(tasks)/\(thread)/comm", encoding: .utf8),
                own.trimmingCharacters(in: .newlines) == name,
                let figures = try? String(contentsOfFile: "\(tasks)/\(thread)/schedstat", encoding: .utf8),
                let nanoseconds = figures.split(separator: " ").first.flatMap({ Double($0) })
            else { return sum }
            return sum + nanoseconds / 1e9
        }
    }
}

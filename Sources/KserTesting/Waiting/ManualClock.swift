public import Kser
import Synchronization

/// A clock that stands still until a test moves it, for a worker's retries.
///
///     let clock = ManualClock()
///     options.clock = clock.workerClock
///     …
///     let pause = try await clock.skip()      // waits until the worker waits, and lets that time pass
public final class ManualClock: Sendable {
    private struct Sleeper {
        let due: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        var last = 0
    }

    private let state = Mutex(State())
    private let start: Int64
    private let arrivals = Arrivals()

    /// Makes a clock that shows this time, in milliseconds since 1970.
    public init(millisecondsSince1970 start: Int64 = 1_700_000_000_000) { self.start = start }

    /// The time it shows, in milliseconds since 1970.
    public var now: Int64 { start.addingSaturating(elapsed.milliseconds) }

    /// How far it was moved.
    public var elapsed: Duration { state.withLock { $0.elapsed } }

    /// How many tasks wait for a time to come.
    public var sleeping: Int { state.withLock { $0.sleepers.count } }

    /// The clock as ``/Kser/WorkerOptions/clock`` takes it.
    public var workerClock: WorkerClock {
        WorkerClock(now: { self.now }, uptime: { self.elapsed }, sleep: { try await self.sleep(for: $0) })
    }

    /// Moves the clock on and wakes whose time has come.
    public func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.elapsed += duration
            let due = state.sleepers.filter { $0.value.due <= state.elapsed }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.due < $1.due }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Waits until this many tasks wait for a time to come.
    ///
    /// - Throws: ``Requirement/Unfulfilled`` at the deadline, `CancellationError` when the task is cancelled.
    public func waitForSleepers(_ count: Int = 1, atMost deadline: Duration = .seconds(30)) async throws {
        try await arrivals.wait(atMost: deadline, "\(count) tasks that wait for a time") { self.sleeping >= count }
    }

    /// Waits until a task waits for a time to come, and moves the clock to the first such time.
    ///
    /// - Returns: by how much the clock was moved.
    /// - Throws: ``Requirement/Unfulfilled`` at the deadline, `CancellationError` when the task is cancelled.
    @discardableResult
    public func skip(atMost deadline: Duration = .seconds(30)) async throws -> Duration {
        try await waitForSleepers(atMost: deadline)
        let (due, elapsed) = state.withLock { ($0.sleepers.values.map(\.due).min(), $0.elapsed) }
        let step = due.map { $0 - elapsed } ?? .zero
        advance(by: step)
        return step
    }

    /// Waits until the clock was moved by the duration.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDone = state.withLock { state in
                    if Task.isCancelled || duration <= .zero { return true }
                    state.sleepers[id] = Sleeper(due: state.elapsed + duration, continuation: continuation)
                    return false
                }
                if isDone { continuation.resume() } else { arrivals.notify() }
            }
            try Task.checkCancellation()
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

/// Wakes who waits for a condition whenever it may have come true.
private final class Arrivals: Sendable {
    private let waiting = Mutex<[Requirement]>([])

    func notify() {
        let waiting = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for requirement in waiting { requirement.fulfill() }
    }

    func wait(atMost deadline: Duration, _ name: String, until isTrue: () -> Bool) async throws {
        let end = ContinuousClock.now + deadline
        while true {
            let next = Requirement(name)
            waiting.withLock { $0.append(next) }
            if isTrue() { return }
            try await next.wait(atMost: max(.zero, ContinuousClock.now.duration(to: end)))
        }
    }
}

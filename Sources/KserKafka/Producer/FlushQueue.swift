import Kser
import Synchronization

/// Flushes that wait. One of librdkafka's, on the producer's thread for calls, serves all of them: in slices, between
/// which other calls get their turn.
final class FlushQueue: Sendable {
    private struct Waiter {
        let deadline: ContinuousClock.Instant
        let promise: Promise<Bool>
    }

    private static let slice = Duration.milliseconds(100)

    private let calls: CallThread
    private let waiters = Mutex<[Waiter]>([])

    init(_ calls: CallThread) { self.calls = calls }

    /// Sends what lingers and waits until nothing is on its way.
    ///
    /// - Returns: false when something still is at the deadline.
    /// - Throws: ``KafkaError/Code/resourceExhausted``, `CancellationError`.
    func flush(
        until deadline: ContinuousClock.Instant,
        _ client: @escaping @Sendable () -> RDKafkaProducer
    ) async throws -> Bool {
        let waiter = Waiter(deadline: deadline, promise: Promise())
        let isFirst = waiters.withLock { waiters in
            waiters.append(waiter)
            return waiters.count == 1
        }
        if isFirst { serve(client) }
        return try await waiter.promise.value()
    }

    private func serve(_ client: @escaping @Sendable () -> RDKafkaProducer) {
        do throws(KafkaError) {
            try calls.add { [self] in
                if flush(client()) { serve(client) }
            }
        } catch {
            let refused = waiters.withLock { waiters in
                defer { waiters = [] }
                return waiters
            }
            for waiter in refused { waiter.promise.fail(error) }
        }
    }

    /// Flushes for a moment.
    ///
    /// - Returns: whether somebody waits still.
    private func flush(_ client: RDKafkaProducer) -> Bool {
        // Who comes meanwhile may have sent something since; those come behind.
        let (count, next) = waiters.withLock { ($0.count, $0.map(\.deadline).min()) }
        let left = next.map { ContinuousClock.now.duration(to: $0) } ?? .zero
        let isEmpty = client.flush(timeout: min(left, Self.slice).wholeMilliseconds)
        let now = ContinuousClock.now
        let (done, late, isMore) = waiters.withLock { waiters -> ([Waiter], [Waiter], Bool) in
            let done = isEmpty ? Array(waiters.prefix(count)) : []
            waiters.removeFirst(done.count)
            let late = waiters.filter { $0.deadline <= now }
            waiters.removeAll { $0.deadline <= now }
            return (done, late, !waiters.isEmpty)
        }
        for waiter in done { waiter.promise.keep(true) }
        for waiter in late { waiter.promise.keep(false) }
        return isMore
    }
}

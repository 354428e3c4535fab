internal import CLibrdkafka
import Synchronization

/// A queue that tells when something arrives in it, and wakes the thread that waits on others.
final class RDKafkaSignalledQueue: Sendable {
    /// What librdkafka's threads touch when something arrives.
    private final class Signal: Sendable {
        let isRaised = Atomic(true)
        private let wakers: [RDKafkaQueue]

        init(_ wakers: [RDKafkaQueue]) { self.wakers = wakers }

        func raise() {
            if isRaised.exchange(true, ordering: .acquiringAndReleasing) { return }
            for waker in wakers { waker.wake() }
        }
    }

    let queue: RDKafkaQueue
    private let signal: Signal
    private let retained: Retained
    private let isStopped = Atomic(false)

    private struct Retained: @unchecked Sendable {
        // Unchecked: a reference count of an object that is Sendable.
        let signal: Unmanaged<Signal>
    }

    init(_ queue: RDKafkaQueue, wakes wakers: [RDKafkaQueue]) {
        self.queue = queue
        signal = Signal(wakers)
        retained = Retained(signal: .passRetained(signal))
        rd_kafka_queue_cb_event_enable(
            queue.pointer,
            { _, opaque in
                guard let opaque else { return }
                Unmanaged<Signal>.fromOpaque(opaque).takeUnretainedValue().raise()
            },
            retained.signal.toOpaque()
        )
    }

    deinit {
        stop()
        retained.signal.release()
    }

    /// Ends the signals. A partition that comes back has the same queue inside librdkafka, which signals one object only:
    /// the one before has to be stopped first, for its end may come after the next one's begin.
    func stop() {
        if isStopped.exchange(true, ordering: .acquiringAndReleasing) { return }
        // Callbacks run under the queue's lock, which this call takes: none runs after it.
        rd_kafka_queue_cb_event_enable(queue.pointer, nil, nil)
    }

    /// Whether something arrived since the last call. It comes once for many arrivals: drain the queue then.
    func takeSignal() -> Bool { signal.isRaised.exchange(false, ordering: .acquiringAndReleasing) }

    /// Makes ``takeSignal()`` true: the queue was not drained.
    func putSignalBack() { signal.isRaised.store(true, ordering: .releasing) }
}

import Foundation
import Kser
import Synchronization

/// What a ``Producer`` is made of: the client, the room for records on their way, and the thread that takes delivery
/// reports as they arrive. The thread keeps the core alive until the producer is closed, and renews the client when
/// that came to its end.
final class ProducerCore: Sendable {
    private enum Phase {
        case open
        case closing(until: ContinuousClock.Instant)
        case closed
    }

    private struct State {
        var client: RDKafkaProducer
        var budget: SendBudget
        var phase = Phase.open
        var closeWaiters: [Promise<Void>] = []
    }

    /// The thread for calls that block.
    let calls = CallThread("kser.calls")
    private let flushes: FlushQueue
    /// Whether a record that is alone is about to be hastened.
    private let isHastening = Atomic(false)
    private let configuration: ProducerConfiguration
    private let logger: KserLogger
    private let state: Mutex<State>
    private let clock = ContinuousClock()

    init(_ configuration: ProducerConfiguration, logger: KserLogger) throws(KafkaError) {
        self.configuration = configuration
        self.logger = logger
        flushes = FlushQueue(calls)
        state = Mutex(
            State(
                client: try RDKafkaProducer(configuration, logger: logger),
                budget: SendBudget(
                    maxMessages: configuration.queueMaxMessages,
                    maxBytes: configuration.queueMaxBytes
                )
            )
        )
    }

    /// Begins to take delivery reports.
    ///
    /// - Throws: ``KafkaError/Code/resourceExhausted``.
    func start() throws(KafkaError) { try startThread("kser.producer") { self.run() } }

    /// The client of the moment.
    var client: RDKafkaProducer { state.withLock { $0.client } }
}

// Sending.
extension ProducerCore {
    /// Hands a record over, after waiting for room when there is none.
    func enqueue(_ record: ProducerRecord) async throws -> Promise<RecordMetadata> {
        if let promise = try enqueueAtOnce(record) { return promise }
        return try await enqueueWhenThereIsRoom(record)
    }

    /// Hands a record over when there is room: without suspension, as nearly always.
    func enqueueAtOnce(_ record: ProducerRecord) throws -> Promise<RecordMetadata>? {
        try check(record)
        let size = record.footprint
        let taken = try state.withLock { state -> (client: RDKafkaProducer, isAlone: Bool)? in
            guard case .open = state.phase else { throw Self.closed }
            return state.budget.take(size) ? (state.client, state.budget.inFlight == 1) : nil
        }
        guard let (client, isAlone) = taken else { return nil }
        let promise = Promise<RecordMetadata>(cost: size)
        do {
            try client.produce(record, promise)
            if isAlone { hasten(client) }
            return promise
        } catch {
            giveBack(messages: 1, bytes: size)
            // Both take a while to mend.
            if error.code == .queueFull || error.code == .unknownPartition { return nil }
            throw error
        }
    }

    /// Has a record sent at once that is alone: while a flush lasts, librdkafka lets nothing linger. It lasts until the record
    /// is delivered, or would have lingered all the same; without a thread for it the record lingers, and that is all.
    private func hasten(_ client: RDKafkaProducer) {
        if configuration.linger <= .zero || isHastening.exchange(true, ordering: .relaxed) { return }
        do throws(KafkaError) {
            try calls.add { [self] in
                isHastening.store(false, ordering: .relaxed)
                _ = client.flush(timeout: configuration.linger.wholeMilliseconds)
            }
        } catch {
            isHastening.store(false, ordering: .relaxed)
        }
    }

    private func enqueueWhenThereIsRoom(_ record: ProducerRecord) async throws -> Promise<RecordMetadata> {
        let size = record.footprint
        let deadline = clock.now + configuration.queueTimeout
        let waiter = try state.withLock { state in
            guard case .open = state.phase else { throw Self.closed }
            return state.budget.wait(for: size, until: deadline)
        }
        wake()
        try await room(waiter, size)
        let promise = Promise<RecordMetadata>(cost: size)
        var wasAlone = false
        var isRefreshed = false
        while true {
            do {
                try client.produce(record, promise)
                return promise
            } catch  where error.code == .queueFull {
                // `additional` made librdkafka's queue smaller than the budget.
                let waiter = state.withLock { $0.budget.stall(until: deadline) }
                // With nothing else on its way, that was delivered just now and left its room; or the record is too large.
                if waiter == nil, wasAlone {
                    giveBack(messages: 1, bytes: size)
                    throw error
                }
                wasAlone = waiter == nil
                guard let waiter else { continue }
                wake()
                try await room(waiter, size)
            } catch  where error.code == .unknownPartition && !isRefreshed {
                // It may be newer than what librdkafka knows, which asks every five minutes.
                isRefreshed = true
                do { try await refresh(record.topic, until: deadline) } catch {
                    giveBack(messages: 1, bytes: size)
                    throw error
                }
            } catch {
                giveBack(messages: 1, bytes: size)
                throw error
            }
        }
    }

    /// Asks the brokers which partitions a topic has. A failure is none: the record's own error says more.
    private func refresh(_ topic: String, until deadline: ContinuousClock.Instant) async throws {
        try await calls.run { [client, clock] in
            client.refresh(topic, timeout: clock.now.duration(to: deadline).wholeMilliseconds)
        }
    }

    private func check(_ record: ProducerRecord) throws {
        try TopicName.check(record.topic)
        if let partition = record.partition, partition < 0 {
            throw KafkaError(
                .unknownPartition,
                "sending to topic \"\(record.topic)\": partition \(partition) is negative",
                topic: record.topic,
                partition: partition
            )
        }
    }

    private func room(_ waiter: SendBudget.Waiter, _ size: Int) async throws {
        do {
            try await waiter.promise.value()
        } catch {
            let (holdsRoom, admitted) = state.withLock { $0.budget.remove(waiter) }
            for waiter in admitted { waiter.promise.keep() }
            if holdsRoom { giveBack(messages: 1, bytes: size) }
            throw error
        }
    }

    private func giveBack(messages: Int, bytes: Int) {
        let admitted = state.withLock { $0.budget.giveBack(messages: messages, bytes: bytes) }
        for waiter in admitted { waiter.promise.keep() }
    }

    /// Sends what lingers and waits until nothing is on its way.
    func flush(timeout: Duration) async throws {
        let deadline = clock.now + min(timeout, .seconds(86_400))
        if try await flushes.flush(until: deadline, { self.client }) { return }
        let left = state.withLock { $0.budget.inFlight }
        var error = KafkaError(.timedOut, "flush: \(left) records are still on their way after \(timeout)")
        error.isRetriable = true
        throw error
    }

    private static let closed = KafkaError(.closed, "the producer is closed")
}

// Closing.
extension ProducerCore {
    /// Takes no more records; the thread ends when those on their way are delivered or the close timeout is over.
    func beginClose() {
        let waiters = state.withLock { state -> [SendBudget.Waiter] in
            guard case .open = state.phase else { return [] }
            state.phase = .closing(until: clock.now + configuration.closeTimeout)
            return state.budget.removeAll()
        }
        for waiter in waiters { waiter.promise.fail(Self.closed) }
        wake()
    }

    /// Makes the thread look at the state. It looks once more when it renewed the client, so a wake-up of the one
    /// before is not missed.
    private func wake() { client.wake() }

    /// Waits until the thread has ended, or the task is cancelled.
    func closed() async {
        let promise = Promise<Void>()
        let isClosed = state.withLock { state in
            if case .closed = state.phase { return true }
            state.closeWaiters.append(promise)
            return false
        }
        if !isClosed { try? await promise.value() }
    }
}

// The thread.
extension ProducerCore {
    private enum Step {
        case wait(milliseconds: Int32)
        case purge
        case end([Promise<Void>])
    }

    private func run() {
        var names = TopicNameCache()
        var isPurged = false
        var client = self.client
        while true {
            switch next(isPurged: isPurged) {
            case .wait(let milliseconds):
                serve(client.poll(timeout: milliseconds, names: &names))
                if client.isOutdated { client = renew(client, &names) }
            case .purge:
                isPurged = true
                client.purge()
            case .end(let waiters):
                for waiter in waiters { waiter.keep() }
                return
            }
        }
    }

    /// Replaces a client whose broker lost track of its records. What it had on its way fails, and may be sent again.
    private func renew(_ client: RDKafkaProducer, _ names: inout TopicNameCache) -> RDKafkaProducer {
        // Not faster, should the next one end like this.
        Thread.sleep(forTimeInterval: 0.1)
        guard let next = try? RDKafkaProducer(configuration, logger: logger) else { return client }
        state.withLock { $0.client = next }
        client.purge()
        while client.outstanding > 0 { serve(client.poll(timeout: 100, names: &names)) }
        names = TopicNameCache()
        return next
    }

    private func next(isPurged: Bool) -> Step {
        let now = clock.now
        let (step, expired) = state.withLock { state -> (Step, [SendBudget.Waiter]) in
            let expired = state.budget.expire(at: now)
            switch state.phase {
            case .open:
                let deadline = state.budget.nextDeadline ?? now + .seconds(60)
                return (.wait(milliseconds: now.duration(to: deadline).wholeMilliseconds + 1), expired)
            case .closing(let deadline):
                if state.budget.inFlight == 0 {
                    state.phase = .closed
                    defer { state.closeWaiters = [] }
                    return (.end(state.closeWaiters), expired)
                }
                if isPurged { return (.wait(milliseconds: 1_000), expired) }
                if deadline <= now { return (.purge, expired) }
                return (.wait(milliseconds: now.duration(to: deadline).wholeMilliseconds + 1), expired)
            case .closed: return (.end([]), expired)
            }
        }
        for waiter in expired { waiter.promise.fail(queueFull) }
        return step
    }

    private var queueFull: KafkaError {
        var error = KafkaError(
            .queueFull,
            "the send queue stayed full for queueTimeout, \(configuration.queueTimeout); "
                + (KafkaError.Code.queueFull.advice ?? "")
        )
        error.isRetriable = true
        return error
    }

    private func serve(_ reports: RDKafkaProducer.Reports?) {
        guard let reports else { return }
        giveBack(messages: reports.list.count, bytes: reports.bytes)
        for report in reports.list { report.promise.settle(report.result) }
    }
}

import Synchronization

/// The records of one assigned partition, in order, from the moment it is assigned until it is taken away.
///
/// Each record has to be completed with ``complete(_:)`` once its work is done; the consumer commits the lowest offset
/// that is not completed. When the partition is revoked the sequence ends; records that were not handed out by then go
/// to the partition's next owner. A stream has one iterator: the loop of a second one throws.
public final class PartitionStream: Sendable {
    struct State {
        var ledger = OffsetLedger()
        var committed: Int64?
        /// What may be committed though its work is not done.
        var ahead = Int64.min
        /// The lowest offset that may be offered next.
        var next = Int64.min
        /// The highest offset whose handler began.
        var highest = Int64.min
        /// The lowest offset that was given up.
        var givenUp = Int64.max
        /// Where the partition ends, while nothing behind that was offered.
        var end: Int64?
        /// Whether records were taken back, for good: the end is behind them.
        var isCut = false
        var bufferedRecords = 0
        var bufferedBytes = 0
        var isFull = false
        var isBudgeted = true
        var isIterated = false
        var isTransactional = false
        var openTransactions = 0
        /// Batches that came to their turn while the partition was paused.
        var aside: [PartitionBatch] = []
        /// Kept when the pause ends.
        var resumption = Promise<Void>()
        /// Who waits for records to be done or given up.
        var ends: [Int64: [Promise<Void>]] = [:]
        /// Who waits for a record to come closer to the lowest one that is not done.
        var approach: Approach?
        var watches: [Int: @Sendable () -> Void] = [:]
        var lastWatch = 0
        /// Called when the partition ends for now.
        var passing: (@Sendable () -> Void)?

        /// Notes that all before the end was handed out, when it was: the markers of transactions there are no records.
        mutating func passEnd() {
            if let end, bufferedRecords == 0, !isCut { ledger.skip(to: end) }
        }

        /// The offset to commit when it differs from the last one taken.
        var committable: Int64? {
            guard !isTransactional, let done = ledger.committable else { return nil }
            let offset = Swift.max(done, ahead)
            if offset == committed { return nil }
            return offset
        }

        /// Notes what comes into the buffer, or goes where the amounts are negative.
        mutating func buffer(_ records: Int, _ bytes: Int, in budget: BufferBudget) {
            bufferedRecords += records
            bufferedBytes += bytes
            budget.take(records: records, bytes: bytes)
        }
    }

    /// The topic that the partition belongs to.
    public let topic: String
    /// The number of the partition.
    public let partition: Int32

    let state = Mutex(State())
    /// Whether the stream ended or was superseded, and each ``Hold`` on it: one word, since every record looks at it.
    let flags = Atomic(UInt8(0))
    private static let ended: UInt8 = 1
    private let released = Atomic(false)
    private let held = Atomic(false)
    /// Kept when the owner waits no more for what is in work.
    let giveUp = Promise<Void>()
    let inbox: Mailbox<PartitionBatch>
    private let ownsInbox: Bool
    private let limits: BufferLimits
    /// The records whose handlers run.
    let inWork = RecordsInWork()
    let budget: BufferBudget
    /// Who reads the partition.
    package let owner: any PartitionOwner
    /// Tells the time for ages; one call for each batch.
    let clock: @Sendable () -> ContinuousClock.Instant

    package init(
        topic: String,
        partition: Int32,
        limits: BufferLimits,
        budget: BufferBudget = BufferBudget(),
        owner: any PartitionOwner,
        merged: Mailbox<PartitionBatch>? = nil,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.topic = topic
        self.partition = partition
        self.limits = limits
        self.budget = budget
        self.owner = owner
        self.clock = clock
        inbox = merged ?? Mailbox()
        ownsInbox = merged == nil
        budget.join()
    }

    /// Whether the partition was taken away or its consumer closed.
    public var isEnded: Bool { flags.load(ordering: .acquiring) & Self.ended != 0 }

    /// Whether records are handed out: the stream neither ended nor is paused.
    var isFlowing: Bool { flags.load(ordering: .acquiring) == 0 }

    /// Notes that the work for a record is done, so that its offset may be committed.
    ///
    /// - Returns: false when the record is not in work here, for example because it was completed before.
    @discardableResult
    public func complete(_ record: Record) -> Bool {
        endWork { state in (state.ledger.complete(record.offset), state.takeWaiters(for: record.offset)) }
    }

    /// Gives a record up: nobody works on it any more, and it is not done. Closing does not wait for it, its offset and
    /// later ones are not committed, and the partition's next owner gets it again.
    public func abandon(_ record: Record) {
        endWork { state in
            if state.ledger.abandon(record.offset) { state.givenUp = Swift.min(state.givenUp, record.offset) }
            return ((), state.takeWaiters(for: record.offset))
        }
    }

    /// Ends the work on records, and wakes who waits for that: those that the change returns, and the owner.
    @inline(__always)
    private func endWork<Outcome: Sendable>(_ change: (inout State) -> (Outcome, [Promise<Void>])) -> Outcome {
        let (outcome, waiters, isIdle) = state.withLock { state in
            let (outcome, waiters) = change(&state)
            return (outcome, waiters, state.ledger.inFlight == 0)
        }
        for waiter in waiters { waiter.keep() }
        if isIdle, isEnded { owner.partitionBecameIdle(self) }
        return outcome
    }
}

extension PartitionStream: AsyncSequence {
    /// Iterates over the records of the partition.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let cursor: RecordCursor?

        /// The next record; nil when the partition was taken away or the task is cancelled.
        @inline(__always)
        public mutating func next() async throws -> Record? {
            try await next(isolation: #isolation)
        }

        /// The next record; nil when the partition was taken away or the task is cancelled.
        @inline(__always)
        public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Record? {
            guard let cursor else { throw KserError.internal("A partition stream has one iterator; this is a second") }
            return try await cursor.next(isolation: actor)
        }
    }

    /// The stream's one iterator; the first `next` of a further one throws.
    public func makeAsyncIterator() -> AsyncIterator {
        let isFirst = state.withLock { state in
            defer { state.isIterated = true }
            return !state.isIterated
        }
        return AsyncIterator(cursor: isFirst && ownsInbox ? RecordCursor(inbox, completesPrevious: false) : nil)
    }
}

extension PartitionStream {
    /// What the owner has to do after it offered a batch.
    package enum Pressure: Sendable, Hashable {
        case none
        /// Stop reading the partition until ``PartitionOwner/partitionHasRoom(_:)``.
        case pause
        /// Supersede this stream, and make a new one for the record at this index and all that follow.
        case wentBack(at: Int)
    }

    /// Adds records that were read, in the order of their offsets.
    ///
    /// - Returns: `.pause` when the buffer went over its high mark; `.wentBack` when an offset is not above the one before,
    ///   since the topic was created anew or its log cut: the records before that one were added, no others.
    package func offer(_ records: [Record]) -> Pressure {
        guard !records.isEmpty, !isEnded else { return .none }
        var next = state.withLock { $0.next }
        let back = records.firstIndex { record in
            defer { next = Swift.max(next, record.following) }
            return record.offset < next
        }
        guard let back else { return add(records, next: next) }
        if back > 0 { _ = add(Array(records[..<back]), next: records[back - 1].following) }
        return .wentBack(at: back)
    }

    private func add(_ records: [Record], next: Int64) -> Pressure {
        let batch = PartitionBatch(stream: self, records: records)
        let pressure = state.withLock { state -> Pressure in
            if isEnded { return .none }
            state.next = next
            state.end = nil
            state.buffer(records.count, batch.bytes, in: budget)
            guard !state.isFull,
                budget.limits(limits).areExceeded(records: state.bufferedRecords, bytes: state.bufferedBytes)
            else { return .none }
            state.isFull = true
            return .pause
        }
        inbox.offer(batch)
        return pressure
    }

    /// Notes that the partition ends at an offset for now, and all before it was offered.
    package func reachedEnd(at offset: Int64) {
        let passing = state.withLock { state -> (@Sendable () -> Void)? in
            if isEnded { return nil }
            state.end = offset
            state.passEnd()
            return state.passing
        }
        passing?()
    }

    /// Ends the stream: nothing more is handed out, what is in work may still be completed.
    package func end(throwing error: (any Error)? = nil) {
        flags.bitwiseOr(Self.ended, ordering: .releasing)
        if ownsInbox { inbox.finish(throwing: error, discarding: true) }
        let (watches, waiters) = state.withLock { state in
            defer {
                state.watches = [:]
                state.passing = nil
                state.approach = nil
                state.aside = []
            }
            state.buffer(-state.bufferedRecords, -state.bufferedBytes, in: budget)
            if state.isBudgeted { budget.leave() }
            state.isBudgeted = false
            return (state.watches, [state.resumption, state.approach?.promise])
        }
        for waiter in waiters { waiter?.keep() }
        for action in watches.values { action() }
    }

    /// Calls the action once when the stream ends, or now when it has ended.
    ///
    /// - Returns: what ``forget(_:)`` takes.
    func onEnd(_ action: @escaping @Sendable () -> Void) -> Int {
        let (watch, isOver) = state.withLock { state -> (Int, Bool) in
            state.lastWatch += 1
            let isOver = isEnded
            if !isOver { state.watches[state.lastWatch] = action }
            return (state.lastWatch, isOver)
        }
        if isOver { action() }
        return watch
    }

    /// Takes an action of ``onEnd(_:)`` back.
    func forget(_ watch: Int) { _ = state.withLock { $0.watches.removeValue(forKey: watch) } }

    /// Notes that the owner waits no more for what is in work: nothing that is completed from now on is committed.
    package func release() {
        state.withLock { _ in released.store(true, ordering: .releasing) }
        giveUp.keep()
    }

    /// Whether the owner waits no more for what is in work.
    package var isReleased: Bool { released.load(ordering: .acquiring) }

    /// Whether its next record waits for its time, which no work can hasten.
    package var isHeld: Bool {
        get { held.load(ordering: .relaxed) }
        set { held.store(newValue, ordering: .relaxed) }
    }

    /// Ends the stream once everything offered so far was handed out.
    package func finish() {
        if ownsInbox { inbox.finish() }
    }

    /// Records that were handed out and are not completed.
    package var inFlight: Int { state.withLock { $0.ledger.inFlight } }

    /// Whether the buffer is over its high mark and has not fallen to the low one since.
    package var isFull: Bool { state.withLock { $0.isFull } }

    /// How many records there is room for; none from the high mark until the low one.
    package var room: Int {
        state.withLock { $0.isFull ? 0 : Swift.max(1, budget.limits(limits).highRecords - $0.bufferedRecords) }
    }

    /// Records that wait to be handed out.
    package var buffered: Int { state.withLock { $0.bufferedRecords } }

    /// Moves a batch from the buffer into work.
    ///
    /// - Parameter arrived: the batch that came to its turn; one without records stands for one that was set aside.
    /// - Returns: the batch to hand out; nil when the stream ended or is paused.
    func begin(_ arrived: PartitionBatch) -> PartitionBatch? {
        if isEnded { return nil }
        let now = clock()
        let (begun, hasRoom) = state.withLock { state -> (PartitionBatch?, Bool) in
            if isEnded { return (nil, false) }
            guard let batch = Self.nextBatch(&state, after: arrived, isPaused: isPaused) else { return (nil, false) }
            if state.ledger.committable == nil { state.committed = batch.records.first?.offset }
            if let first = batch.records.first { state.ledger.start(from: first.offset, at: now) }
            for index in batch.records.indices { state.ledger.begin(batch.records[index].offset) }
            state.buffer(-batch.records.count, -batch.bytes, in: budget)
            state.passEnd()
            guard state.isFull,
                budget.limits(limits).allowMore(records: state.bufferedRecords, bytes: state.bufferedBytes)
            else { return (batch, false) }
            state.isFull = false
            return (batch, true)
        }
        if hasRoom { owner.partitionHasRoom(self) }
        return begun
    }

    /// What is next when a batch comes to its turn: itself, or one that was set aside before.
    private static func nextBatch(
        _ state: inout State,
        after arrived: PartitionBatch,
        isPaused: Bool
    ) -> PartitionBatch? {
        if !isPaused, state.aside.isEmpty { return arrived.records.isEmpty ? nil : arrived }
        if !arrived.records.isEmpty { state.aside.append(arrived) }
        return isPaused ? nil : state.aside.removeFirst()
    }

    /// Takes back what a batch did not hand out.
    func withdraw(from offset: Int64) {
        endWork { state in
            state.ledger.withdraw(from: offset)
            state.isCut = true
            return ((), state.takeWaiters(from: offset))
        }
    }
}

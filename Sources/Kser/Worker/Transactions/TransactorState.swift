/// Which records wait for a transaction, and when it is due. A value without locks or clocks; ``Transactor`` guards it.
struct TransactorState {
    typealias Waiter = CheckedContinuation<Void, Never>

    /// What settling a record leads to.
    enum Step {
        /// It can be committed no more.
        case refused
        case nothing
        /// It is the first of a transaction, and waits a while for others.
        case wait
        case go(Waiter)
    }

    struct Partition {
        let stream: PartitionStream
        let room: Permits
        var backlog = TransactionBacklog()
        /// Whether no more records come.
        var isClosed = false
        /// Whether some of its records are in the transaction that is open.
        var isInTransaction = false
        /// How often in a row a transaction with its records failed.
        var failures = 0
        var isPaused = false
        /// The offset that was committed last.
        var committed: Int64?
        /// Whether that is before the markers of transactions that no record follows.
        var isBehind = false

        /// How many records may be taken; markers count as one.
        var waiting: Int { isPaused ? 0 : backlog.ready + (isBehind ? 1 : 0) }
    }

    let maxMessages: Int
    var partitions: [ObjectIdentifier: Partition] = [:]
    private var waiter: Waiter?
    private var waiting = 0
    private var isTiming = false
    private var isTimeOver = false
    private(set) var isEnded = false
    var takesFailed = false

    init(maxMessages: Int) { self.maxMessages = maxMessages }
}

// Records.
extension TransactorState {
    mutating func open(_ stream: PartitionStream) {
        if isEnded { return }
        let room = Permits(2 * min(max(maxMessages, 500), .max / 2), bytes: 64 << 20)
        partitions[ObjectIdentifier(stream)] = Partition(stream: stream, room: room)
    }

    mutating func close(_ stream: PartitionStream) {
        partitions[ObjectIdentifier(stream)]?.isClosed = true
        forgetIfDone(ObjectIdentifier(stream))
    }

    /// The places for records of a partition; nil when none is expected.
    func room(of stream: PartitionStream) -> Permits? { partitions[ObjectIdentifier(stream)]?.room }

    /// - Returns: whether the record keeps its place.
    mutating func begin(_ record: Record, of stream: PartitionStream) -> Bool {
        partitions[ObjectIdentifier(stream)]?.backlog.begin(record) ?? false
    }

    mutating func settle(_ settlement: Settlement, of stream: PartitionStream) -> Step {
        let id = ObjectIdentifier(stream)
        let before = partitions[id]?.waiting ?? 0
        guard partitions[id]?.backlog.settle(settlement) == true else { return .refused }
        return step(stream, from: before)
    }

    /// Commits markers behind what is committed, when nothing is in work.
    mutating func pass(_ stream: PartitionStream) -> Step {
        let id = ObjectIdentifier(stream)
        guard let partition = partitions[id], !partition.isInTransaction, let committed = partition.committed,
            let end = stream.idleOffset, end > committed
        else { return .nothing }
        partitions[id]?.isBehind = true
        return step(stream, from: partition.waiting)
    }

    private mutating func step(_ stream: PartitionStream, from before: Int) -> Step {
        let added = (partitions[ObjectIdentifier(stream)]?.waiting ?? 0) - before
        if added == 0 { return .nothing }
        waiting += added
        if stream.isEnded { isTimeOver = true }
        if let waiter = takeWaiterIfDue() { return .go(waiter) }
        if isTiming || isTimeOver { return .nothing }
        isTiming = true
        return .wait
    }

    /// - Returns: the records that can be committed no more.
    mutating func giveUp(from offset: Int64, of stream: PartitionStream) -> TransactionPart? {
        let id = ObjectIdentifier(stream)
        guard let lost = partitions[id]?.backlog.giveUp(from: offset) else { return nil }
        defer { forgetIfDone(id) }
        recount()
        return part(of: id, lost)
    }

    /// Lets go of partitions.
    ///
    /// - Returns: their records, which can be committed no more.
    mutating func giveUp(where isLost: (Partition) -> Bool) -> [TransactionPart] {
        partitions.filter { isLost($0.value) }.keys.compactMap { id in
            defer { partitions[id] = nil }
            return (partitions[id]?.backlog.giveUp(from: .min)).flatMap { part(of: id, $0) }
        }
    }

    func part(of id: ObjectIdentifier, _ entries: [TransactionBacklog.Entry]) -> TransactionPart? {
        partitions[id].map { TransactionPart(stream: $0.stream, room: $0.room, entries: entries) }
    }

    mutating func forgetIfDone(_ id: ObjectIdentifier) {
        guard let partition = partitions[id], partition.isClosed, !partition.isInTransaction else { return }
        if partition.backlog.isEmpty { partitions[id] = nil }
    }
}

// When.
extension TransactorState {
    private var isDue: Bool { isEnded || waiting > 0 && (isTimeOver || waiting >= maxMessages) }

    mutating func recount() { waiting = partitions.values.reduce(0) { $0 + $1.waiting } }

    /// Notes who waits until a transaction is due.
    ///
    /// - Returns: true when it is due already, and the waiter not kept.
    mutating func wait(_ waiter: Waiter) -> Bool {
        if !isDue { self.waiter = waiter }
        return isDue
    }

    mutating func takeWaiterIfDue() -> Waiter? { isDue ? waiter.take() : nil }

    /// - Returns: who waits for a transaction, when it is due now.
    mutating func timerEnded() -> Waiter? {
        isTiming = false
        return hurry()
    }

    /// Lets what there is wait for nothing more.
    mutating func hurry() -> Waiter? {
        isTimeOver = waiting > 0
        return takeWaiterIfDue()
    }

    /// Notes that a transaction has taken what it takes; what is left follows at once.
    mutating func taken() {
        recount()
        isTimeOver = waiting > 0
    }

    /// Takes no more.
    ///
    /// - Returns: who waits, and what is not committed.
    mutating func end() -> (waiter: Waiter?, lost: [TransactionPart]) {
        isEnded = true
        defer { waiting = 0 }
        return (waiter.take(), giveUp { _ in true })
    }
}

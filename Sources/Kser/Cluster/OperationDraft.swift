/// What an ``OperationStore`` reads of one operation for who changes it, while nobody else can.
public protocol OperationReader {
    /// The task of this uuid, if the operation has it.
    func task(_ uuid: String) throws(StoreError) -> TaskRecord?
    /// The tasks in these places, in order.
    func tasks(in places: Range<Int>) throws(StoreError) -> [TaskRecord]
    /// What the tasks in these places gave, in order.
    func outcomes(in places: Range<Int>) throws(StoreError) -> [TaskOutcome]
    /// The group that is this step.
    func group(_ step: Int) throws(StoreError) -> OperationRecord.Group?
    /// The operation without its tasks: what it was asked for.
    func details() throws(StoreError) -> OperationRecord
}

/// A launched operation in the hands of who changes it.
///
/// A store makes it of the operation's head and reads from it what was changed. Everything else is read when it is asked
/// for, so a change costs what it touches. It is a value: a copy of it keeps a way back.
public struct OperationDraft {
    /// The operation's head, as it is to become.
    public package(set) var head: OperationHead
    /// The time of the change, in milliseconds since 1970.
    public let now: Int64

    /// How long is waited for messages.
    var patience = Patience(lease: 300_000, launch: 60_000, message: 600_000)
    /// Whether the operation's entrypoint is known to who changes it, so that its hooks can be called.
    var hasHooks = false
    /// Where the tasks stand that this change made ready.
    var releasedPlaces: [Int] = []
    private let original: OperationHead
    private let reader: any OperationReader
    private var tasks: [Int: TaskRecord] = [:]
    private var groups: [Int: OperationRecord.Group] = [:]
    /// The tasks that changed, as they were before.
    private var changedTasks: [Int: TaskRecord] = [:]
    private var changedGroups: Set<Int> = []

    /// Makes a draft.
    ///
    /// - Parameters:
    ///   - head: the operation's head as it is stored.
    ///   - now: the time, in milliseconds since 1970.
    ///   - reader: reads the rest.
    public init(_ head: OperationHead, at now: Int64, reading reader: any OperationReader) {
        (self.head, original) = (head, head)
        self.now = now
        self.reader = reader
    }

    /// How many tasks were read.
    var readCount: Int { tasks.count }

    /// What is to be written; nil when nothing was changed. When only times moved, that makes no new version and no
    /// event.
    public var change: OperationChange? {
        if head == original, changedTasks.isEmpty, changedGroups.isEmpty { return nil }
        let changed = changedTasks.keys.sorted().compactMap { tasks[$0] }
        var head = head
        let moved = changed.filter { $0.status != changedTasks[$0.place]?.status }
        let isQuiet =
            moved.isEmpty && isOnlyRearmed && changed.allSatisfy { $0.attempts == changedTasks[$0.place]?.attempts }
        if !isQuiet { (head.version, head.updatedAt) = (original.version + 1, now) }
        return OperationChange(
            old: original,
            head: head,
            tasks: changed,
            results: Set(changed.map(\.place).filter { hasOtherResult($0) }),
            groups: changedGroups.sorted().compactMap { step in groups[step].map { (step, $0) } },
            event: isQuiet ? nil : event(of: head, moved)
        )
    }

    private func hasOtherResult(_ place: Int) -> Bool {
        guard let before = changedTasks[place], let after = tasks[place] else { return false }
        return before.result != after.result || before.isDifference != after.isDifference
            || before.outbox != after.outbox
    }

    /// Whether nothing of the head moved but when somebody looks at it.
    private var isOnlyRearmed: Bool {
        var other = original
        (other.dueAt, other.checks) = (head.dueAt, head.checks)
        (other.nextPlace, other.inFlight) = (head.nextPlace, head.inFlight)
        return other == head
    }

    private func event(of head: OperationHead, _ moved: [TaskRecord]) -> OperationEvent {
        let task = moved.count == 1 ? moved.first : nil
        return OperationEvent(
            operation: head.uuid,
            version: head.version,
            time: now,
            round: head.round,
            status: head.status,
            task: task?.uuid,
            taskStatus: task?.status
        )
    }
}

extension OperationDraft {
    /// How long is waited for the messages of tasks, in milliseconds.
    struct Patience: Sendable {
        /// How long an attempt counts as alive without a sign of life.
        var lease: Int64
        /// How long a client may take to send what it owes.
        var launch: Int64
        /// How long a message may wait to be begun.
        var message: Int64
    }
}

// Reading.
extension OperationDraft {
    package mutating func task(_ uuid: String) throws(StoreError) -> TaskRecord? {
        if let known = tasks.values.first(where: { $0.uuid.hasSameScalars(as: uuid) }) { return known }
        guard let task = try reader.task(uuid) else { return nil }
        tasks[task.place] = task
        return task
    }

    mutating func task(at place: Int) throws(StoreError) -> TaskRecord {
        if let known = tasks[place] { return known }
        guard let task = try tasks(in: place..<place + 1).first else { throw gap(place) }
        return task
    }

    package mutating func tasks(in places: Range<Int>) throws(StoreError) -> [TaskRecord] {
        let missing = places.filter { tasks[$0] == nil }
        if let first = missing.first, let last = missing.last {
            for task in try reader.tasks(in: first..<last + 1) where tasks[task.place] == nil {
                tasks[task.place] = task
            }
        }
        var found: [TaskRecord] = []
        for place in places {
            guard let task = tasks[place] else { throw gap(place) }
            found.append(task)
        }
        return found
    }

    package func outcomes(in places: Range<Int>) throws(StoreError) -> [TaskOutcome] {
        let missing = places.filter { tasks[$0] == nil }
        var found: [Int: TaskOutcome] = [:]
        if let first = missing.first, let last = missing.last {
            for outcome in try reader.outcomes(in: first..<last + 1) { found[outcome.place] = outcome }
        }
        var outcomes: [TaskOutcome] = []
        for place in places {
            guard let outcome = tasks[place]?.outcome ?? found[place] else { throw gap(place) }
            outcomes.append(outcome)
        }
        return outcomes
    }

    package func group(_ step: Int) throws(StoreError) -> OperationRecord.Group? {
        if let known = groups[step] { return known }
        return try reader.group(step)
    }

    package func details() throws(StoreError) -> OperationRecord {
        var details = try reader.details()
        details.head = head
        return details
    }

    private func gap(_ place: Int) -> StoreError {
        StoreError(.corrupt, "The store has no task in place \(place) of \(head.total)", uuid: head.uuid)
    }
}

// Writing.
extension OperationDraft {
    /// Changes a task, and what is counted of it.
    package mutating func update(_ place: Int, _ body: (inout TaskRecord) -> Void) throws(StoreError) {
        let before = try task(at: place)
        var after = before
        body(&after)
        if after == before { return }
        after.updatedAt = now
        if head.step.contains(place) {
            head.count(before, -1)
            head.count(after, 1)
        }
        for (task, difference) in [(before, -1), (after, 1)] {
            switch task.status {
            case .success: head.completed += difference
            case .failed: head.failed += difference
            case .uncompensated: head.uncompensated += difference
            default: break
            }
        }
        tasks[place] = after
        changedTasks[place] = changedTasks[place] ?? before
    }

    package mutating func setResult(_ result: ExecutionResult?, ofGroup step: Int) throws(StoreError) {
        guard var group = try group(step), group.result != result else { return }
        group.result = result
        groups[step] = group
        changedGroups.insert(step)
    }

    /// Has somebody look at the operation then at the latest.
    mutating func arm(by time: Int64) { head.dueAt = min(head.dueAt ?? .max, time) }

    /// Makes the step that begins in this place the one in work.
    mutating func enter(_ place: Int) throws(StoreError) {
        head.place = place
        head.nextPlace = place
        (head.width, head.open, head.inFlight, head.running) = (0, 0, 0, 0)
        guard place < head.total else { return head.position += 1 }
        let first = try task(at: place)
        head.position = first.step
        head.width = first.width ?? 1
        for task in try tasks(in: head.step) { head.count(task, 1) }
    }
}

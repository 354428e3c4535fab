/// Reads from a whole record: in memory, and before an operation is in a store.
package struct RecordReader: OperationReader {
    private let record: OperationRecord

    package init(_ record: OperationRecord) { self.record = record }

    package func task(_ uuid: String) -> TaskRecord? { record.tasks.first { $0.uuid.hasSameScalars(as: uuid) } }
    package func tasks(in places: Range<Int>) -> [TaskRecord] {
        Array(record.tasks[places.clamped(to: record.tasks.indices)])
    }
    package func outcomes(in places: Range<Int>) -> [TaskOutcome] { tasks(in: places).map(\.outcome) }
    package func group(_ step: Int) -> OperationRecord.Group? { record.groups[step] }
    package func details() -> OperationRecord {
        var details = record
        (details.groups, details.tasks) = ([:], [])
        return details
    }
}

extension OperationRecord {
    /// Makes the operation and its first tasks ready.
    ///
    /// - Returns: the tasks whose messages a client is to send.
    @discardableResult
    mutating func begin(at now: Int64) throws(StoreError) -> [DueTask] {
        var draft = OperationDraft(head, at: now, reading: RecordReader(self))
        try draft.begin(for: "")
        if let change = draft.change { apply(change) }
        (head.version, head.updatedAt) = (1, head.createdAt)
        return try draft.dueTasks(draft.released())
    }

    /// Makes a change.
    package mutating func apply(_ change: OperationChange) {
        head = change.head
        for task in change.tasks { tasks[task.place] = task }
        for (step, group) in change.groups { groups[step] = group }
    }
}

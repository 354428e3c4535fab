import Kser

extension TaskRecord {
    /// What is written once.
    static let fixedColumns = [
        "operation", "place", "step", "width", "uuid", "entrypoint", "topic", "params", "metadata", "created_at",
    ]
    /// What changes.
    static let columns = [
        "status", "attempts", "cause", "owner", "due_at", "resends", "started_at", "updated_at", "ended_at",
    ]
    /// What changes at the end.
    static let resultColumns = ["result", "is_difference", "outbox"]
    static let allColumns = fixedColumns + columns + resultColumns

    func fixedValues() throws(StoreError) -> [SQLValue] {
        [
            .text(operation), SQLValue(place), SQLValue(step), SQLValue(width.map { Int64($0) }), .text(uuid),
            .text(entrypoint), SQLValue(topic), try SQLValue(params), try SQLValue(metadata), .integer(createdAt),
        ]
    }

    var values: [SQLValue] {
        [
            SQLValue(status), SQLValue(attempts), SQLValue(cause), SQLValue(owner), SQLValue(dueAt), SQLValue(resends),
            SQLValue(startedAt), .integer(updatedAt), SQLValue(endedAt),
        ]
    }

    func resultValues() throws(StoreError) -> [SQLValue] {
        [
            try SQLValue(result), .integer(isDifference ? 1 : 0),
            try outbox.map { (outbox) throws(StoreError) in try SQLValue(json: outbox) } ?? .null,
        ]
    }

    init(_ row: inout SQLRow) throws(StoreError) {
        let operation = try row.text()
        let place = try row.count()
        let step = try row.int()
        let width = try row.optionalCount()
        let uuid = try row.text()
        let entrypoint = try row.text()
        let topic = try row.optionalText()
        let params = try row.object()
        let metadata = try row.object()
        self.init(
            operation: operation,
            place: place,
            step: step,
            width: width,
            uuid: uuid,
            entrypoint: entrypoint,
            topic: topic,
            params: params,
            metadata: metadata,
            createdAt: try row.integer()
        )
        status = try row.status()
        attempts = try row.int()
        cause = try row.optionalText()
        owner = try row.optionalText()
        dueAt = try row.optionalInteger()
        resends = try row.int()
        startedAt = try row.optionalInteger()
        updatedAt = try row.integer()
        endedAt = try row.optionalInteger()
        result = try row.result()
        isDifference = try row.integer() == 1
        outbox = try row.optionalJSON()
    }
}

extension TaskOutcome {
    static let columns = ["place", "step", "width", "status", "ended_at", "result", "is_difference"]

    init(_ row: inout SQLRow) throws(StoreError) {
        let place = try row.count()
        let step = try row.int()
        let isMember = try row.optionalInteger() != nil
        let status = try row.status()
        let endedAt = try row.optionalInteger()
        self.init(
            place: place,
            step: step,
            isMember: isMember,
            isEnded: endedAt != nil || status == .success,
            result: try row.result(),
            isDifference: try row.integer() == 1
        )
    }
}

extension OperationEvent {
    static let columns = ["operation", "version", "time", "round", "status", "task", "task_status"]

    var values: [SQLValue] {
        [
            .text(operation), SQLValue(version), .integer(time), SQLValue(round), SQLValue(status), SQLValue(task),
            SQLValue(taskStatus),
        ]
    }

    init(_ row: inout SQLRow) throws(StoreError) {
        self.init(
            operation: try row.text(),
            version: try row.int(),
            time: try row.integer(),
            round: try row.int(),
            status: try row.status(),
            task: try row.optionalText(),
            taskStatus: try row.optionalStatus()
        )
    }
}

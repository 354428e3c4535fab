import Kser

extension OperationHead {
    /// What is written once.
    static let fixedColumns = ["uuid", "entrypoint", "compensates", "time_limit", "created_at", "total", "trace"]
    /// What changes.
    static let columns = [
        "status", "ending", "hook", "step", "place", "width", "next_place", "round", "error", "deadline", "started_at",
        "updated_at", "ended_at", "version", "due_at", "checks", "completed", "failed", "uncompensated",
        "open_tasks", "in_flight", "running",
    ]
    /// What changes seldom and may be large.
    static let largeColumns = ["carried", "result"]
    static let allColumns = fixedColumns + columns + largeColumns

    func fixedValues() throws(StoreError) -> [SQLValue] {
        [
            .text(uuid), .text(entrypoint), .integer(compensates ? 1 : 0), SQLValue(timeLimit), .integer(createdAt),
            SQLValue(total), try trace.map { (trace) throws(StoreError) in try SQLValue(trace) } ?? .null,
        ]
    }

    func largeValues() throws(StoreError) -> [SQLValue] {
        [carried.isEmpty ? .null : try SQLValue(carried), try SQLValue(result)]
    }

    /// The columns that are to be written after a change.
    func columns(since old: OperationHead) -> [String] {
        Self.columns + (old.carried == carried && old.result == result ? [] : Self.largeColumns)
    }

    /// What is to be written into them.
    func values(since old: OperationHead) throws(StoreError) -> [SQLValue] {
        values + (old.carried == carried && old.result == result ? [] : try largeValues())
    }

    var values: [SQLValue] {
        [
            SQLValue(status), SQLValue(ending), SQLValue(hook), SQLValue(position), SQLValue(place), SQLValue(width),
            SQLValue(nextPlace), SQLValue(round), SQLValue(error), SQLValue(deadline), SQLValue(startedAt),
            .integer(updatedAt), SQLValue(endedAt), SQLValue(version), SQLValue(dueAt), SQLValue(checks),
            SQLValue(completed), SQLValue(failed), SQLValue(uncompensated), SQLValue(open),
            SQLValue(inFlight), SQLValue(running),
        ]
    }

    /// Reads all columns.
    init(_ row: inout SQLRow) throws(StoreError) {
        let uuid = try row.text()
        let entrypoint = try row.text()
        let compensates = try row.integer() == 1
        let timeLimit = try row.optionalInteger()
        self.init(
            uuid: uuid,
            entrypoint: entrypoint,
            compensates: compensates,
            timeLimit: timeLimit,
            createdAt: try row.integer(),
            total: try row.count()
        )
        trace = try row.optionalObject()
        status = try row.status()
        ending = try row.optionalStatus()
        hook = try row.optionalStatus()
        position = try row.int()
        place = try row.count(atMost: total)
        width = try row.count(atMost: total - place)
        nextPlace = try row.count()
        round = try row.int()
        error = try row.optionalText()
        deadline = try row.optionalInteger()
        startedAt = try row.optionalInteger()
        updatedAt = try row.integer()
        endedAt = try row.optionalInteger()
        version = try row.int()
        dueAt = try row.optionalInteger()
        checks = try row.int()
        completed = try row.int()
        failed = try row.int()
        uncompensated = try row.int()
        open = try row.int()
        inFlight = try row.int()
        running = try row.int()
        carried = try row.optionalObject() ?? [:]
        result = try row.optionalResult()
    }
}

extension OperationRecord {
    /// What an operation was asked for.
    static let detailColumns = ["params", "metadata", "input"]

    func detailValues() throws(StoreError) -> [SQLValue] {
        [try SQLValue(params), try SQLValue(metadata), try SQLValue(input)]
    }
}

extension OperationRecord.Group {
    static let columns = ["uuid", "task_limit", "finishes_all", "key", "first", "size", "result"]

    func values() throws(StoreError) -> [SQLValue] {
        [
            .text(uuid), SQLValue(limit.map { Int64($0) }), .integer(finishesAll ? 1 : 0), SQLValue(key),
            SQLValue(places.lowerBound), SQLValue(places.count), try SQLValue(result),
        ]
    }

    init(_ row: inout SQLRow) throws(StoreError) {
        let uuid = try row.text()
        let limit = try row.optionalInteger().map { Int(clamping: $0) }
        let finishesAll = try row.integer() == 1
        let key = try row.optionalText()
        let first = try row.count(atMost: 1 << 32)
        self.init(
            uuid: uuid,
            limit: limit,
            finishesAll: finishesAll,
            key: key,
            places: first..<first + (try row.count(atMost: 1 << 32)),
            result: try row.optionalResult()
        )
    }
}

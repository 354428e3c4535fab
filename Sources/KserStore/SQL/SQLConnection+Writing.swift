package import Kser

extension SQLConnection {
    func insert(_ operation: OperationRecord) throws(StoreError) {
        do {
            try transaction { () throws(StoreError) in
                try schemaVersion()
                try insert(
                    into: "kser_operation",
                    OperationRecord.fixedColumns + OperationRecord.columns,
                    [operation.fixedValues() + operation.values()]
                )
                var rows: [[SQLValue]] = []
                for task in operation.tasks { rows.append(try task.fixedValues() + task.values()) }
                try insert(into: "kser_task", TaskRecord.fixedColumns + TaskRecord.columns, rows)
                try insert(into: "kser_event", OperationEvent.columns, [OperationChange.launch(of: operation).values])
            }
        } catch {
            throw error.code == .duplicate ? try duplicate(of: operation, error) : error
        }
    }

    /// Writes rows, some hundred with one statement.
    private func insert(into table: String, _ columns: [String], _ rows: [[SQLValue]]) throws(StoreError) {
        var rows = rows[...]
        while !rows.isEmpty {
            var parameters = SQLParameters()
            let lists = rows.prefix(200).map { "(\(parameters.add($0)))" }
            rows = rows.dropFirst(200)
            _ = try query(
                "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(lists.joined(separator: ", "))",
                parameters.values
            )
        }
    }

    /// Names the uuid that is taken.
    private func duplicate(of operation: OperationRecord, _ error: StoreError) throws(StoreError) -> StoreError {
        var taken: String?
        for task in operation.tasks where taken == nil {
            let rows = try query("SELECT operation FROM kser_task WHERE uuid = $1", [.text(task.uuid)])
            if let other = rows.first?.first, other != .text(operation.uuid) { taken = task.uuid }
        }
        return StoreError(
            .duplicate,
            "\(taken.map { "Task \($0)" } ?? "The operation") is in the store already",
            store: name,
            uuid: operation.uuid,
            nativeCode: error.nativeCode
        )
    }

    /// Changes an operation statement by statement.
    package func replace(_ old: OperationRecord, with new: OperationRecord) throws(StoreError) -> Bool {
        try transaction { () throws(StoreError) in
            try schemaVersion()
            var parameters = SQLParameters()
            let fields = try assignments(OperationRecord.columns, new.values(), &parameters)
            let moved = try query(
                """
                UPDATE kser_operation SET \(fields) WHERE uuid = \(parameters.add(.text(old.uuid)))
                AND version = \(parameters.add(SQLValue(old.version))) RETURNING version
                """,
                parameters.values
            )
            if moved.isEmpty { return false }
            let change = OperationChange(from: old, to: new)
            for task in change.tasks {
                var parameters = SQLParameters()
                let fields = try assignments(TaskRecord.columns, task.values(), &parameters)
                _ = try query(
                    """
                    UPDATE kser_task SET \(fields) WHERE operation = \(parameters.add(.text(task.operation)))
                    AND place = \(parameters.add(SQLValue(task.place)))
                    """,
                    parameters.values
                )
            }
            try insert(into: "kser_event", OperationEvent.columns, [change.event.values])
            return true
        }
    }

    private func assignments(
        _ columns: [String],
        _ values: [SQLValue],
        _ parameters: inout SQLParameters
    ) throws(StoreError) -> String {
        var assignments: [String] = []
        for (column, value) in zip(columns, values) { assignments.append("\(column) = \(parameters.add(value))") }
        return assignments.joined(separator: ", ")
    }

    func prune(endedBefore time: Int64, statuses: Set<TaskStatus>) throws(StoreError) -> Int {
        var total = 0
        while true {
            let count = try pruneSome(endedBefore: time, statuses: statuses)
            total += count
            if count == 0 { return total }
        }
    }

    /// Removes some hundred operations, so that nobody waits for long.
    private func pruneSome(endedBefore time: Int64, statuses: Set<TaskStatus>) throws(StoreError) -> Int {
        try transaction { () throws(StoreError) in
            try schemaVersion()
            var parameters = SQLParameters()
            let before = parameters.add(.integer(time))
            let chosen =
                statuses.isEmpty
                ? "" : " AND status IN (\(parameters.add(statuses.sorted(by: <).map { SQLValue($0) })))"
            let rows = try query(
                """
                DELETE FROM kser_operation WHERE ended_at < \(before) AND uuid IN (
                    SELECT uuid FROM kser_operation WHERE ended_at < \(before)\(chosen) ORDER BY ended_at LIMIT 200
                ) RETURNING uuid
                """,
                parameters.values
            )
            if rows.isEmpty { return 0 }
            for table in ["kser_task", "kser_event"] {
                var parameters = SQLParameters()
                let uuids = parameters.add(rows.compactMap(\.first))
                _ = try query("DELETE FROM \(table) WHERE operation IN (\(uuids))", parameters.values)
            }
            return rows.count
        }
    }
}

extension TaskStatus {
    fileprivate static func < (left: TaskStatus, right: TaskStatus) -> Bool { left.rawValue < right.rawValue }
}

import Kser

extension SQLConnection {
    func insert(_ operation: OperationRecord) throws(StoreError) {
        do {
            try transaction { () throws(StoreError) in
                try schemaVersion()
                let head = operation.head
                try insert(
                    into: "kser_operation",
                    OperationHead.allColumns + OperationRecord.detailColumns + ["plan"],
                    [
                        try head.fixedValues() + head.values + head.largeValues() + operation.detailValues()
                            + [.text("{}")]
                    ]
                )
                var rows: [[SQLValue]] = []
                for task in operation.tasks { rows.append(try task.fixedValues() + task.values + task.resultValues()) }
                try insert(into: "kser_task", TaskRecord.allColumns, rows)
                var groups: [[SQLValue]] = []
                for (step, group) in operation.groups {
                    groups.append([.text(head.uuid), SQLValue(step)] + (try group.values()))
                }
                try insert(into: "kser_group", ["operation", "step"] + OperationRecord.Group.columns, groups)
                try insert(into: "kser_event", OperationEvent.columns, [OperationEvent.launch(of: head).values])
            }
        } catch {
            throw error.code == .duplicate ? try duplicate(of: operation, error) : error
        }
    }

    /// Writes rows, a hundred with one statement.
    func insert(into table: String, _ columns: [String], _ rows: [[SQLValue]]) throws(StoreError) {
        var rows = rows[...]
        while !rows.isEmpty {
            var parameters = SQLParameters()
            let lists = rows.prefix(100).map { "(\(parameters.add($0)))" }
            rows = rows.dropFirst(100)
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

    /// Has an operation changed, in one transaction.
    func change<Outcome>(
        _ uuid: String,
        at time: Int64,
        _ body: (inout OperationDraft) throws(StoreError) -> Outcome
    ) throws(StoreError) -> Outcome? {
        try transaction { () throws(StoreError) -> Outcome? in
            guard let (head, ours) = try head(uuid, locking: true) else { return nil }
            let reader = SQLOperationReader(connection: self, uuid: uuid)
            var draft = OperationDraft(head, at: ours ?? time, reading: reader)
            let outcome = try body(&draft)
            if let change = draft.change { try write(change) }
            return outcome
        }
    }

    /// Writes a change statement by statement.
    func writeSteps(_ change: OperationChange) throws(StoreError) {
        for task in change.tasks {
            let isGiven = change.results.contains(task.place)
            try update(
                "kser_task",
                TaskRecord.columns + (isGiven ? TaskRecord.resultColumns : []),
                task.values + (isGiven ? try task.resultValues() : []),
                where: ("operation", .text(task.operation)),
                ("place", SQLValue(task.place))
            )
        }
        for (step, group) in change.groups {
            try update(
                "kser_group",
                ["result"],
                [try SQLValue(group.result)],
                where: ("operation", .text(change.head.uuid)),
                ("step", SQLValue(step))
            )
        }
        try update(
            "kser_operation",
            change.head.columns(since: change.old),
            try change.head.values(since: change.old),
            where: ("uuid", .text(change.head.uuid))
        )
        if let event = change.event { try insert(into: "kser_event", OperationEvent.columns, [event.values]) }
    }

    private func update(
        _ table: String,
        _ columns: [String],
        _ values: [SQLValue],
        where keys: (String, SQLValue)...
    ) throws(StoreError) {
        var parameters = SQLParameters()
        let fields = zip(columns, values).map { "\($0) = \(parameters.add($1))" }
        let conditions = keys.map { "\($0) = \(parameters.add($1))" }
        _ = try query(
            "UPDATE \(table) SET \(fields.joined(separator: ", ")) WHERE \(conditions.joined(separator: " AND "))",
            parameters.values
        )
    }

    /// Takes operations that are due.
    func claimDue(at time: Int64, pause: Int64, limit: Int) throws(StoreError) -> [String] {
        try transaction { () throws(StoreError) in
            try schemaVersion()
            var parameters = SQLParameters()
            let now = "COALESCE(\(clock), CAST(\(parameters.add(.integer(time))) AS BIGINT))"
            let rows = try query(
                """
                UPDATE kser_operation SET checks = checks + 1, due_at = \(now) + CAST(\(parameters.add(.integer(pause))) AS BIGINT)
                * (1 + CASE WHEN checks < 63 THEN checks ELSE 63 END)
                WHERE uuid IN (SELECT uuid FROM kser_operation WHERE due_at <= \(now)
                ORDER BY due_at LIMIT \(parameters.add(SQLValue(max(0, limit))))\(rowLock)\(passingLocked))
                RETURNING uuid
                """,
                parameters.values
            )
            var uuids: [String] = []
            for row in rows {
                var row = SQLRow(row, store: name)
                uuids.append(try row.text())
            }
            return uuids
        }
    }
}

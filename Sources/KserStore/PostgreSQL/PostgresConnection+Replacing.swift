import Kser

extension PostgresConnection {
    /// Changes an operation, its tasks and its history with one statement, and so with one journey to the server.
    ///
    /// A row that another transaction changes is waited for and looked at again (read committed), so the condition on the
    /// version holds.
    func replace(_ old: OperationRecord, with new: OperationRecord) throws(StoreError) -> Bool {
        let change = OperationChange(from: old, to: new)
        var parameters = SQLParameters()
        var fields: [String] = []
        for (column, value) in zip(OperationRecord.columns, try new.values()) {
            fields.append("\(column) = \(parameters.add(value))")
        }
        let uuid = parameters.add(.text(old.uuid))
        let version = parameters.add(SQLValue(old.version))
        let known = parameters.add(.integer(Schema.current))
        let event = zip(OperationEvent.columns, change.event.values).map { column, value in
            "\(parameters.add(value))::\(Self.type(of: column))"
        }
        var parts = [
            """
            moved AS (UPDATE kser_operation SET \(fields.joined(separator: ", ")) WHERE uuid = \(uuid)
            AND version = \(version) AND (SELECT max(version) FROM kser_schema) <= \(known) RETURNING uuid)
            """,
            """
            noted AS (INSERT INTO kser_event (\(OperationEvent.columns.joined(separator: ", ")))
            SELECT \(event.joined(separator: ", ")) FROM moved)
            """,
        ]
        if !change.tasks.isEmpty {
            let columns = ["place"] + TaskRecord.columns
            var rows: [String] = []
            for task in change.tasks {
                let values = [SQLValue(task.place)] + (try task.values())
                let list = zip(columns, values).map { "\(parameters.add($1))::\(Self.type(of: $0))" }
                rows.append("(\(list.joined(separator: ", ")))")
            }
            let assignments = TaskRecord.columns.map { "\($0) = c.\($0)" }.joined(separator: ", ")
            parts.append(
                """
                changed AS (UPDATE kser_task t SET \(assignments)
                FROM moved, (VALUES \(rows.joined(separator: ", "))) AS c (\(columns.joined(separator: ", ")))
                WHERE t.operation = moved.uuid AND t.place = c.place)
                """
            )
        }
        let sql = "WITH \(parts.joined(separator: ", ")) SELECT uuid FROM moved"
        return try !query(sql, parameters.values).isEmpty
    }

    private static func type(of column: String) -> String {
        switch column {
        case "place", "attempts", "version", "time", "round", "started_at", "updated_at", "ended_at": "bigint"
        default: "text"
        }
    }
}

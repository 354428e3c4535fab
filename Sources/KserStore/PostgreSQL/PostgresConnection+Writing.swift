import Kser

extension PostgresConnection {
    /// Writes a change with one statement, and so with one journey to the server; a large one in pieces.
    func write(_ change: OperationChange) throws(StoreError) {
        // A statement has 65,535 parameters at most.
        let most = 200
        var tasks = change.tasks[...]
        while tasks.count > most {
            try write(tasks.prefix(most), of: change)
            tasks = tasks.dropFirst(most)
        }
        try writeHead(change, with: tasks)
        for (step, group) in change.groups {
            _ = try query(
                "UPDATE kser_group SET result = $1 WHERE operation = $2 AND step = $3",
                [try SQLValue(group.result), .text(change.head.uuid), SQLValue(step)]
            )
        }
    }

    private func write(_ tasks: ArraySlice<TaskRecord>, of change: OperationChange) throws(StoreError) {
        var parameters = SQLParameters()
        _ = try query(try update(tasks, of: change, &parameters), parameters.values)
    }

    private func writeHead(
        _ change: OperationChange,
        with tasks: ArraySlice<TaskRecord>
    ) throws(StoreError) {
        var parameters = SQLParameters()
        var parts: [String] = []
        if !tasks.isEmpty { parts.append("ended AS (\(try update(tasks, of: change, &parameters)))") }
        if let event = change.event {
            let values = zip(OperationEvent.columns, event.values).map { column, value in
                "\(parameters.add(value))::\(Self.type(of: column))"
            }
            parts.append(
                """
                noted AS (INSERT INTO kser_event (\(OperationEvent.columns.list()))
                VALUES (\(values.joined(separator: ", "))))
                """
            )
        }
        let fields = zip(change.head.columns(since: change.old), try change.head.values(since: change.old))
            .map { "\($0) = \(parameters.add($1))" }
        let with = parts.isEmpty ? "" : "WITH \(parts.joined(separator: ", ")) "
        let uuid = parameters.add(.text(change.head.uuid))
        _ = try query(
            "\(with)UPDATE kser_operation SET \(fields.joined(separator: ", ")) WHERE uuid = \(uuid)",
            parameters.values
        )
    }

    /// The statement that changes tasks; what they gave only where it is another.
    private func update(
        _ tasks: ArraySlice<TaskRecord>,
        of change: OperationChange,
        _ parameters: inout SQLParameters
    ) throws(StoreError) -> String {
        let hasResults = tasks.contains { change.results.contains($0.place) }
        let changing = TaskRecord.columns + (hasResults ? TaskRecord.resultColumns : [])
        var rows: [String] = []
        for task in tasks {
            let values = [SQLValue(task.place)] + task.values + (hasResults ? try task.resultValues() : [])
            let list = zip(["place"] + changing, values).map { "\(parameters.add($1))::\(Self.type(of: $0))" }
            rows.append("(\(list.joined(separator: ", ")))")
        }
        let operation = parameters.add(.text(change.head.uuid))
        return """
            UPDATE kser_task t SET \(changing.map { "\($0) = c.\($0)" }.joined(separator: ", "))
            FROM (VALUES \(rows.joined(separator: ", "))) AS c (\((["place"] + changing).list()))
            WHERE t.operation = \(operation) AND t.place = c.place
            """
    }

    private static func type(of column: String) -> String {
        switch column {
        case "place", "attempts", "resends", "version", "time", "round": "bigint"
        case "due_at", "started_at", "updated_at", "ended_at", "is_difference": "bigint"
        default: "text"
        }
    }
}

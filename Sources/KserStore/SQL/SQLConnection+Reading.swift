import Kser

extension SQLConnection {
    func operation(_ uuid: String) throws(StoreError) -> OperationRecord? {
        // One statement, so that operation and tasks are of one moment. The operation comes with its first task.
        let rows = try query(
            """
            SELECT (SELECT max(version) FROM kser_schema), \(taskColumns), \(operationColumns)
            FROM kser_task t LEFT JOIN kser_operation o ON o.uuid = t.operation AND t.place = 0
            WHERE t.operation = $1 ORDER BY t.place
            """,
            [.text(uuid)]
        )
        guard let first = rows.first else {
            try schemaVersion()
            return nil
        }
        var tasks: [TaskRecord] = []
        for row in rows {
            var row = SQLRow(row, store: name)
            try demandKnown(try row.integer())
            tasks.append(try TaskRecord(&row))
        }
        let count = 1 + TaskRecord.fixedColumns.count + TaskRecord.columns.count
        var row = SQLRow(first.dropFirst(count), store: name)
        return try OperationRecord(&row, tasks: tasks)
    }

    func operations(matching query: StoreQuery) throws(StoreError) -> [OperationSummary] {
        var parameters = SQLParameters()
        let condition = query.condition(&parameters)
        let rows = try self.query(
            """
            SELECT uuid, entrypoint, status, created_at, updated_at, ended_at FROM kser_operation t
            \(condition) ORDER BY created_at, uuid \(query.page(&parameters))
            """,
            parameters.values
        )
        var summaries: [OperationSummary] = []
        for row in rows {
            var row = SQLRow(row, store: name)
            summaries.append(
                OperationSummary(
                    uuid: try row.text(),
                    entrypoint: try row.text(),
                    status: try row.status(),
                    createdAt: try row.integer(),
                    updatedAt: try row.integer(),
                    endedAt: try row.optionalInteger()
                )
            )
        }
        return summaries
    }

    func tasks(matching query: StoreQuery) throws(StoreError) -> [TaskRecord] {
        var parameters = SQLParameters()
        let condition = query.condition(&parameters)
        let rows = try self.query(
            """
            SELECT \(taskColumns) FROM kser_task t
            \(condition) ORDER BY created_at, operation, place \(query.page(&parameters))
            """,
            parameters.values
        )
        var tasks: [TaskRecord] = []
        for row in rows {
            var row = SQLRow(row, store: name)
            tasks.append(try TaskRecord(&row))
        }
        return tasks
    }

    func unsentOperations(unchangedSince time: Int64, limit: Int) throws(StoreError) -> [String] {
        let rows = try query(
            """
            SELECT uuid FROM kser_operation WHERE updated_at < $1
            AND uuid IN (SELECT operation FROM kser_task WHERE cause = '' AND owner IS NULL)
            ORDER BY created_at, uuid LIMIT $2
            """,
            [.integer(time), SQLValue(max(0, limit))]
        )
        var uuids: [String] = []
        for row in rows {
            var row = SQLRow(row, store: name)
            uuids.append(try row.text())
        }
        return uuids
    }

    func history(of uuid: String) throws(StoreError) -> [OperationEvent] {
        let rows = try query(
            """
            SELECT \(OperationEvent.columns.joined(separator: ", ")) FROM kser_event
            WHERE operation = $1 ORDER BY version
            """,
            [.text(uuid)]
        )
        var events: [OperationEvent] = []
        for row in rows {
            var row = SQLRow(row, store: name)
            events.append(try OperationEvent(&row))
        }
        return events
    }

    private var taskColumns: String { list(TaskRecord.fixedColumns + TaskRecord.columns, of: "t") }
    private var operationColumns: String { list(OperationRecord.fixedColumns + OperationRecord.columns, of: "o") }

    private func list(_ columns: [String], of table: String) -> String {
        columns.map { "\(table).\($0)" }.joined(separator: ", ")
    }
}

extension StoreQuery {
    fileprivate func condition(_ parameters: inout SQLParameters) -> String {
        var conditions: [String] = []
        if !statuses.isEmpty {
            let names = statuses.map(\.rawValue).sorted().map { SQLValue.text($0) }
            conditions.append("status IN (\(parameters.add(names)))")
        }
        if !entrypoints.isEmpty {
            conditions.append("entrypoint IN (\(parameters.add(entrypoints.sorted().map { SQLValue.text($0) })))")
        }
        if let createdBefore { conditions.append("created_at < \(parameters.add(.integer(createdBefore)))") }
        if let createdSince { conditions.append("created_at >= \(parameters.add(.integer(createdSince)))") }
        if let unchangedSince { conditions.append("updated_at < \(parameters.add(.integer(unchangedSince)))") }
        return conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
    }

    fileprivate func page(_ parameters: inout SQLParameters) -> String {
        "LIMIT \(parameters.add(SQLValue(max(0, limit)))) OFFSET \(parameters.add(SQLValue(max(0, offset))))"
    }
}

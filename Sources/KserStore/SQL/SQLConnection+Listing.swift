import Kser

// Lists.
extension SQLConnection {
    func operations(matching query: StoreQuery) throws(StoreError) -> [OperationSummary] {
        var parameters = SQLParameters()
        let columns = """
            uuid, entrypoint, status, created_at, updated_at, ended_at, error, completed, total, uncompensated
            """
        let direction = query.isNewestFirst ? "DESC" : "ASC"
        let order = "ORDER BY created_at \(direction), uuid \(direction)"
        func select(_ part: StoreQuery) -> String {
            "SELECT \(columns) FROM kser_operation \(part.condition(&parameters)) \(order)"
        }
        // An index has the operations of one state, or of one entrypoint, in order, not those of several.
        let parts = query.parts
        let selection =
            parts.count == 1
            ? select(query)
            : parts.map { part in
                "SELECT * FROM (\(select(part)) LIMIT \(parameters.add(SQLValue(query.end)))) AS part"
            }.joined(separator: " UNION ALL ") + " \(order)"
        let rows = try self.query("\(selection) \(query.page(&parameters))", parameters.values)
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
                    endedAt: try row.optionalInteger(),
                    error: try row.optionalText(),
                    completed: try row.int(),
                    total: try row.int(),
                    uncompensated: try row.int()
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
            SELECT \(TaskRecord.allColumns.list()) FROM kser_task t
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

    /// Queries that give together what this one gives.
    fileprivate var parts: [StoreQuery] {
        if statuses.count * max(1, entrypoints.count) > 50 || entrypoints.count > 50 { return [self] }
        var parts = [self]
        if !statuses.isEmpty {
            parts = statuses.map(\.rawValue).sorted().map { name in
                var part = self
                part.statuses = [TaskStatus(rawValue: name)]
                return part
            }
        }
        if entrypoints.isEmpty { return parts }
        return parts.flatMap { part in
            entrypoints.sorted().map { entrypoint in
                var part = part
                part.entrypoints = [entrypoint]
                return part
            }
        }
    }

    /// How many match up to the end of the page.
    fileprivate var end: Int { max(0, offset).addingSaturating(max(0, limit)) }

    fileprivate func page(_ parameters: inout SQLParameters) -> String {
        "LIMIT \(parameters.add(SQLValue(max(0, limit)))) OFFSET \(parameters.add(SQLValue(max(0, offset))))"
    }
}

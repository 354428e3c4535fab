import Kser

// One operation.
extension SQLConnection {
    func operation(_ uuid: String) throws(StoreError) -> OperationRecord? {
        // One statement, so that operation and tasks are of one moment. The operation comes with its first task.
        let columns = OperationHead.allColumns + OperationRecord.detailColumns
        let rows = try query(
            """
            SELECT (SELECT max(version) FROM kser_schema), \(TaskRecord.allColumns.list(of: "t")),
            \(columns.list(of: "o"))
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
        var row = SQLRow(first.dropFirst(1 + TaskRecord.allColumns.count), store: name)
        return OperationRecord(
            head: try OperationHead(&row),
            params: try row.object(),
            metadata: try row.object(),
            input: try row.optionalResult(),
            groups: tasks.contains { $0.width != nil } ? try groups(of: uuid) : [:],
            tasks: tasks
        )
    }

    private func groups(of uuid: String) throws(StoreError) -> [Int: OperationRecord.Group] {
        let columns = OperationRecord.Group.columns.list()
        var groups: [Int: OperationRecord.Group] = [:]
        for row in try query("SELECT step, \(columns) FROM kser_group WHERE operation = $1", [.text(uuid)]) {
            var row = SQLRow(row, store: name)
            groups[try row.int()] = try OperationRecord.Group(&row)
        }
        return groups
    }

    func head(_ uuid: String) throws(StoreError) -> OperationHead? { try head(uuid, locking: false)?.head }

    /// The head of an operation, and what time it is for the database. When it is locked, all others that lock it wait for
    /// the end of the transaction.
    func head(_ uuid: String, locking: Bool) throws(StoreError) -> (head: OperationHead, time: Int64?)? {
        let rows = try query(
            """
            SELECT (SELECT max(version) FROM kser_schema), \(clock), \(OperationHead.allColumns.list())
            FROM kser_operation WHERE uuid = $1\(locking ? rowLock : "")
            """,
            [.text(uuid)]
        )
        guard let first = rows.first else {
            try schemaVersion()
            return nil
        }
        var row = SQLRow(first, store: name)
        try demandKnown(try row.integer())
        let time = try row.optionalInteger()
        return (try OperationHead(&row), time)
    }

    func running(in uuid: String) throws(StoreError) -> [String] {
        let rows = try query(
            """
            SELECT t.entrypoint FROM kser_operation o JOIN kser_task t ON t.operation = o.uuid
            AND t.place >= o.place AND t.place < o.place + o.width
            WHERE o.uuid = $1 AND t.status IN ($2, $3) ORDER BY t.place
            """,
            [.text(uuid), SQLValue(TaskStatus.running), SQLValue(TaskStatus.compensating)]
        )
        var paths: [String] = []
        for row in rows {
            var row = SQLRow(row, store: name)
            paths.append(try row.text())
        }
        return paths
    }

    func identity() throws(StoreError) -> String {
        guard case .text(let identity)? = try query("SELECT identity FROM kser_store").first?.first else {
            throw StoreError(.corrupt, "The store has lost its identity: the table kser_store is empty", store: name)
        }
        return identity
    }
}

/// Reads what a change of an operation asks for.
struct SQLOperationReader: OperationReader {
    let connection: any SQLConnection
    let uuid: String

    func task(_ uuid: String) throws(StoreError) -> TaskRecord? {
        let rows = try connection.query(
            "SELECT \(TaskRecord.allColumns.list()) FROM kser_task WHERE uuid = $1 AND operation = $2",
            [.text(uuid), .text(self.uuid)]
        )
        guard let first = rows.first else { return nil }
        var row = SQLRow(first, store: connection.name)
        return try TaskRecord(&row)
    }

    func tasks(in places: Range<Int>) throws(StoreError) -> [TaskRecord] {
        var tasks: [TaskRecord] = []
        for row in try rows(TaskRecord.allColumns, in: places) {
            var row = SQLRow(row, store: connection.name)
            tasks.append(try TaskRecord(&row))
        }
        return tasks
    }

    func outcomes(in places: Range<Int>) throws(StoreError) -> [TaskOutcome] {
        var outcomes: [TaskOutcome] = []
        for row in try rows(TaskOutcome.columns, in: places) {
            var row = SQLRow(row, store: connection.name)
            outcomes.append(try TaskOutcome(&row))
        }
        return outcomes
    }

    private func rows(_ columns: [String], in places: Range<Int>) throws(StoreError) -> [[SQLValue]] {
        try connection.query(
            """
            SELECT \(columns.list()) FROM kser_task
            WHERE operation = $1 AND place >= $2 AND place < $3 ORDER BY place
            """,
            [.text(uuid), SQLValue(places.lowerBound), SQLValue(places.upperBound)]
        )
    }

    func group(_ step: Int) throws(StoreError) -> OperationRecord.Group? {
        let rows = try connection.query(
            "SELECT \(OperationRecord.Group.columns.list()) FROM kser_group WHERE operation = $1 AND step = $2",
            [.text(uuid), SQLValue(step)]
        )
        guard let first = rows.first else { return nil }
        var row = SQLRow(first, store: connection.name)
        return try OperationRecord.Group(&row)
    }

    func details() throws(StoreError) -> OperationRecord {
        let columns = OperationHead.allColumns + OperationRecord.detailColumns
        let rows = try connection.query(
            "SELECT \(columns.list()) FROM kser_operation WHERE uuid = $1",
            [.text(uuid)]
        )
        guard let first = rows.first else { throw connection.corrupt("an operation") }
        var row = SQLRow(first, store: connection.name)
        return OperationRecord(
            head: try OperationHead(&row),
            params: try row.object(),
            metadata: try row.object(),
            input: try row.optionalResult(),
            groups: [:],
            tasks: []
        )
    }
}

extension [String] {
    /// The columns, with commas between.
    func list(of table: String? = nil) -> String {
        map { column in table.map { "\($0).\(column)" } ?? column }.joined(separator: ", ")
    }
}

import Kser

extension SQLConnection {
    /// Removes a few ended operations, so that nobody waits for long: the longest ended ones.
    ///
    /// - Returns: how many; none when none is left.
    func pruneSome(endedBefore time: Int64, statuses: Set<TaskStatus>) throws(StoreError) -> Int {
        try transaction { () throws(StoreError) in
            try schemaVersion()
            // One state after the other, as an index has them.
            for status in statuses.isEmpty ? TaskStatus.endings : statuses.sorted(by: { $0.rawValue < $1.rawValue }) {
                let uuids = try ended(as: status, before: time)
                if uuids.isEmpty { continue }
                var parameters = SQLParameters()
                let list = parameters.add(uuids)
                for (table, column) in [
                    ("kser_operation", "uuid"), ("kser_task", "operation"), ("kser_group", "operation"),
                    ("kser_event", "operation"),
                ] {
                    _ = try query("DELETE FROM \(table) WHERE \(column) IN (\(list))", parameters.values)
                }
                return uuids.count
            }
            return 0
        }
    }

    /// Operations that have together as many tasks as are removed at once, or one that has more.
    private func ended(as status: TaskStatus, before time: Int64) throws(StoreError) -> [SQLValue] {
        // What somebody else removes, or runs again, is passed over.
        let rows = try query(
            """
            SELECT uuid, total FROM kser_operation WHERE status = $1 AND ended_at < $2
            ORDER BY ended_at LIMIT 100\(rowLock)\(passingLocked)
            """,
            [SQLValue(status), .integer(time)]
        )
        var uuids: [SQLValue] = []
        var tasks = 0
        for row in rows {
            var row = SQLRow(row, store: name)
            let uuid = try row.text()
            tasks += try row.count()
            if tasks > 300, !uuids.isEmpty { break }
            uuids.append(.text(uuid))
        }
        return uuids
    }
}

extension TaskStatus {
    /// The states in which operations end.
    fileprivate static let endings: [TaskStatus] = [.success, .failed, .cancelled]
}

import Kser

extension SQLConnection {
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
            for table in ["kser_task", "kser_group", "kser_event"] {
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

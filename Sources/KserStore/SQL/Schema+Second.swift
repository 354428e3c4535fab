import Foundation
import Kser

extension Schema {
    /// What each task's transition reads and writes is in the operation's row: the step in work, and counts.
    static let second = Version(
        [
            "ALTER TABLE kser_operation ADD COLUMN total BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN trace TEXT",
            "ALTER TABLE kser_operation ADD COLUMN hook TEXT",
            "ALTER TABLE kser_operation ADD COLUMN place BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN width BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN next_place BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN error TEXT",
            "ALTER TABLE kser_operation ADD COLUMN carried TEXT",
            "ALTER TABLE kser_operation ADD COLUMN due_at BIGINT",
            "ALTER TABLE kser_operation ADD COLUMN checks BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN completed BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN failed BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN uncompensated BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN open_tasks BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN in_flight BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_operation ADD COLUMN running BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_task ADD COLUMN width BIGINT",
            "ALTER TABLE kser_task ADD COLUMN topic TEXT",
            "ALTER TABLE kser_task ADD COLUMN due_at BIGINT",
            "ALTER TABLE kser_task ADD COLUMN resends BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_task ADD COLUMN is_difference BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE kser_task ADD COLUMN outbox TEXT",
            """
            CREATE TABLE kser_group (
                operation TEXT NOT NULL,
                step BIGINT NOT NULL,
                uuid TEXT NOT NULL,
                task_limit BIGINT,
                finishes_all BIGINT NOT NULL,
                key TEXT,
                first BIGINT NOT NULL,
                size BIGINT NOT NULL,
                result TEXT,
                PRIMARY KEY (operation, step)
            )
            """,
            "CREATE TABLE kser_store (identity TEXT NOT NULL, created_at BIGINT NOT NULL)",
            "DROP INDEX kser_task_unsent",
            "CREATE INDEX kser_operation_due ON kser_operation (due_at) WHERE due_at IS NOT NULL",
            """
            CREATE INDEX kser_operation_status_ended ON kser_operation (status, ended_at) WHERE ended_at IS NOT NULL
            """,
            "CREATE INDEX kser_operation_entrypoint ON kser_operation (entrypoint, created_at, uuid)",
        ],
        convert: { (connection) throws(StoreError) in
            try connection.nameStore()
            try connection.splitPlans()
            try connection.freeTasksInWork()
            try connection.countTasks()
        }
    )
}

extension SQLConnection {
    fileprivate func nameStore() throws(StoreError) {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        _ = try query(
            "INSERT INTO kser_store (identity, created_at) VALUES ($1, $2)",
            [.text(UUID().uuidString.lowercased()), .integer(now)]
        )
    }

    /// Groups were a text of their operation, and have rows.
    fileprivate func splitPlans() throws(StoreError) {
        for row in try query("SELECT uuid, plan FROM kser_operation WHERE plan <> '{}'") {
            var row = SQLRow(row, store: name)
            let operation = try row.text()
            for (key, fields) in try row.object() {
                guard let step = Int64(key), let uuid = fields["uuid"]?.string else { continue }
                let group = OperationRecord.Group(
                    uuid: uuid,
                    limit: fields["limit"]?.int,
                    finishesAll: fields["finishes_all"]?.bool == true,
                    key: fields["key"]?.string
                )
                try insert(
                    into: "kser_group",
                    ["operation", "step"] + OperationRecord.Group.columns,
                    [[.text(operation), .integer(step)] + (try group.values())]
                )
            }
        }
        _ = try query(
            """
            UPDATE kser_group SET
            first = (SELECT min(t.place) FROM kser_task t WHERE t.operation = kser_group.operation
                AND t.step = kser_group.step),
            size = (SELECT count(*) FROM kser_task t WHERE t.operation = kser_group.operation
                AND t.step = kser_group.step)
            """
        )
        _ = try query(
            """
            UPDATE kser_task SET width = (SELECT g.size FROM kser_group g WHERE g.operation = kser_task.operation
            AND g.step = kser_task.step) WHERE operation IN (SELECT operation FROM kser_group)
            """
        )
    }

    /// What runs a task was told by its headers, and is told by its place. Whichever message of a task comes first has it
    /// again: who runs it now, with the program before this one, cannot end it.
    fileprivate func freeTasksInWork() throws(StoreError) {
        _ = try query("UPDATE kser_task SET status = 'PENDING', owner = NULL WHERE status = 'RUNNING'")
        _ = try query("UPDATE kser_task SET status = 'SUCCESS', owner = NULL WHERE status = 'COMPENSATING'")
    }

    fileprivate func countTasks() throws(StoreError) {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        func count(_ condition: String) -> String {
            "(SELECT count(*) FROM kser_task t WHERE t.operation = kser_operation.uuid AND \(condition))"
        }
        let isWaiting =
            """
            t.step = kser_operation.step
            AND t.status = CASE WHEN kser_operation.status = 'COMPENSATING' THEN 'SUCCESS' ELSE 'PENDING' END
            """
        _ = try query(
            """
            UPDATE kser_operation SET total = \(count("t.place >= 0")), completed = \(count("t.status = 'SUCCESS'")),
            failed = \(count("t.status = 'FAILED'")), uncompensated = \(count("t.status = 'UNCOMPENSATED'")),
            width = \(count("t.step = kser_operation.step")), open_tasks = \(count(isWaiting)),
            in_flight = \(count("\(isWaiting) AND t.cause IS NOT NULL"))
            """
        )
        // Behind the last step there is no task.
        _ = try query(
            """
            UPDATE kser_operation SET place = COALESCE((SELECT min(t.place) FROM kser_task t
            WHERE t.operation = kser_operation.uuid AND t.step = kser_operation.step), total)
            """
        )
        _ = try query("UPDATE kser_operation SET next_place = place")
        _ = try query(
            "UPDATE kser_operation SET due_at = $1 WHERE status NOT IN ('SUCCESS', 'FAILED', 'CANCELLED')",
            [.integer(now + 60_000)]
        )
        // What a client owes may have been sent in the meantime, and what a record owes it sends by itself.
        _ = try query("UPDATE kser_task SET due_at = $1 WHERE cause = ''", [.integer(now + 60_000)])
        _ = try query("UPDATE kser_task SET due_at = $1 WHERE cause <> '' AND owner IS NULL", [.integer(now + 600_000)])
    }
}

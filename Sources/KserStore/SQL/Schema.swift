import Foundation
package import Kser

/// The tables of a store. A change of them is a further version here; what is released is never edited.
package enum Schema {
    static let versions: [[String]] = [
        [
            """
            CREATE TABLE kser_operation (
                uuid TEXT NOT NULL PRIMARY KEY,
                entrypoint TEXT NOT NULL,
                params TEXT NOT NULL,
                metadata TEXT NOT NULL,
                plan TEXT NOT NULL,
                compensates BIGINT NOT NULL,
                input TEXT,
                time_limit BIGINT,
                created_at BIGINT NOT NULL,
                status TEXT NOT NULL,
                ending TEXT,
                step BIGINT NOT NULL,
                round BIGINT NOT NULL,
                result TEXT,
                deadline BIGINT,
                started_at BIGINT,
                updated_at BIGINT NOT NULL,
                ended_at BIGINT,
                version BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE kser_task (
                operation TEXT NOT NULL,
                place BIGINT NOT NULL,
                step BIGINT NOT NULL,
                uuid TEXT NOT NULL UNIQUE,
                entrypoint TEXT NOT NULL,
                params TEXT NOT NULL,
                metadata TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                status TEXT NOT NULL,
                result TEXT NOT NULL,
                attempts BIGINT NOT NULL,
                cause TEXT,
                owner TEXT,
                started_at BIGINT,
                updated_at BIGINT NOT NULL,
                ended_at BIGINT,
                PRIMARY KEY (operation, place)
            )
            """,
            // One event of each version: an operation cannot go on in two ways.
            """
            CREATE TABLE kser_event (
                operation TEXT NOT NULL,
                version BIGINT NOT NULL,
                time BIGINT NOT NULL,
                round BIGINT NOT NULL,
                status TEXT NOT NULL,
                task TEXT,
                task_status TEXT,
                PRIMARY KEY (operation, version)
            )
            """,
            // A task succeeds once a round.
            """
            CREATE UNIQUE INDEX kser_event_success ON kser_event (operation, task, round)
            WHERE task_status = 'SUCCESS'
            """,
            "CREATE INDEX kser_operation_created ON kser_operation (created_at, uuid)",
            "CREATE INDEX kser_operation_status ON kser_operation (status, created_at)",
            "CREATE INDEX kser_operation_ended ON kser_operation (ended_at) WHERE ended_at IS NOT NULL",
            "CREATE INDEX kser_task_status ON kser_task (status, created_at)",
            "CREATE INDEX kser_task_unsent ON kser_task (operation) WHERE cause = '' AND owner IS NULL",
        ]
    ]

    /// The version that this code reads and writes.
    package static var current: Int64 { Int64(versions.count) }
}

extension SQLConnection {
    /// Brings the tables up to date. Any number of processes may do it at once.
    ///
    /// - Throws: ``/Kser/StoreError`` `newerSchema` when they are of a newer version than this one.
    package func migrate() throws(StoreError) {
        if try hasTable("kser_schema"), try schemaVersion() == Schema.current { return }
        try transaction { () throws(StoreError) in
            try lockSchema()
            _ = try query(
                """
                CREATE TABLE IF NOT EXISTS kser_schema (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)
                """
            )
            for version in try schemaVersion()..<Schema.current {
                for statement in Schema.versions[Int(version)] { _ = try query(statement) }
                let now = Int64(Date().timeIntervalSince1970 * 1_000)
                _ = try query(
                    "INSERT INTO kser_schema (version, applied_at) VALUES ($1, $2)",
                    [.integer(version + 1), .integer(now)]
                )
            }
        }
    }

    /// The version of the tables; 0 before the first.
    ///
    /// - Throws: ``/Kser/StoreError`` `newerSchema`.
    @discardableResult
    func schemaVersion() throws(StoreError) -> Int64 {
        let rows = try query("SELECT max(version) FROM kser_schema")
        guard case .integer(let version)? = rows.first?.first else { return 0 }
        try demandKnown(version)
        return version
    }

    func demandKnown(_ version: Int64) throws(StoreError) {
        if version <= Schema.current { return }
        throw StoreError(
            .newerSchema,
            "The tables are of version \(version), this program knows \(Schema.current): update Kser in this program",
            store: name
        )
    }
}

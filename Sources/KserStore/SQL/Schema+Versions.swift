import Foundation
import Kser

extension Schema {
    /// Operations and tasks, with one row for each.
    static let first = Version([
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
    ])
}

import Foundation
package import Kser

/// The tables of a store. A change of them is a further version; what is released is never edited.
package enum Schema {
    /// One step of the way to the tables of today.
    struct Version: Sendable {
        let statements: [String]
        /// What statements cannot do.
        let convert: @Sendable (any SQLConnection) throws(StoreError) -> Void

        init(
            _ statements: [String],
            convert: @escaping @Sendable (any SQLConnection) throws(StoreError) -> Void = { (_) throws(StoreError) in }
        ) {
            self.statements = statements
            self.convert = convert
        }
    }

    static let versions = [first, second]

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
                let step = Schema.versions[Int(version)]
                for statement in step.statements { _ = try query(statement) }
                try step.convert(self)
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

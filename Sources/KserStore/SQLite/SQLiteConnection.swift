import CSQLite
import Foundation
import Kser

/// One connection to a file, with its prepared statements. Its actor is its only user.
final class SQLiteConnection: SQLConnection {
    let name: String

    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]
    private let executor: BlockingExecutor

    /// Opens a file, and makes it when it is not there.
    init(_ path: String, _ options: SQLiteOptions, _ executor: BlockingExecutor) throws(StoreError) {
        name = path
        self.executor = executor
        let isNew = Self.makePrivate(path)
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard let opened else {
            throw StoreError(.failed, "SQLite has no memory for a connection", store: path, nativeCode: "\(code)")
        }
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        if code != SQLITE_OK { throw error(code) }
        sqlite3_busy_timeout(handle, Int32(clamping: options.lockTimeout.milliseconds))
        // Only before there is anything in it; without, pages are given back by vacuuming.
        if isNew { _ = try? query("PRAGMA auto_vacuum = INCREMENTAL") }
        try useWriteAheadLog(within: options.lockTimeout)
        _ = try query("PRAGMA synchronous = \(options.durability == .power ? "FULL" : "NORMAL")")
    }

    deinit {
        // Closing may write: it is done where all other calls were. Nobody else has these pointers any more.
        nonisolated(unsafe) let statements = Array(statements.values)
        nonisolated(unsafe) let handle = handle
        executor.afterAll {
            for statement in statements { sqlite3_finalize(statement) }
            sqlite3_close_v2(handle)
        }
    }

    /// Makes the file for its user alone, when it is not there; SQLite gives `-wal` and `-shm` the same permissions. That it
    /// cannot be made is for SQLite to say. A file that is there is not opened: closing it would take SQLite's locks away.
    ///
    /// - Returns: whether it was made.
    private static func makePrivate(_ path: String) -> Bool {
        if path.isEmpty || path == ":memory:" { return false }
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    /// Switching to the log needs the file for itself, and SQLite does not wait for that by its busy timeout.
    private func useWriteAheadLog(within limit: Duration) throws(StoreError) {
        let end = ContinuousClock.now + limit
        while true {
            do {
                _ = try query("PRAGMA journal_mode = WAL")
                return
            } catch {
                guard error.code == .locked, ContinuousClock.now < end else { throw error }
                sqlite3_sleep(5)
            }
        }
    }

    /// Inside another transaction it is a part of that one.
    func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        if isInTransaction { return try bracket("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part", body) }
        return try bracket("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", body)
    }

    /// False too when SQLite has rolled back by itself, as it does on a full disk.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    func hasTable(_ name: String) throws(StoreError) -> Bool {
        try !query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", [.text(name)]).isEmpty
    }

    /// `BEGIN IMMEDIATE` has locked everything.
    func lockSchema() throws(StoreError) {}
    var rowLock: String { "" }
    var passingLocked: String { "" }
    /// All users are of one machine.
    var clock: String { "NULL" }

    func write(_ change: OperationChange) throws(StoreError) { try writeSteps(change) }

    func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]] {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() { try bind(value, at: Int32(index + 1), of: statement) }
        var rows: [[SQLValue]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: rows.append((0..<sqlite3_column_count(statement)).map { column($0, of: statement) })
            case SQLITE_DONE: return rows
            case let code: throw error(code)
            }
        }
    }

    private func prepared(_ sql: String) throws(StoreError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        // Lists of any length make ever new statements.
        if statements.count >= 100 {
            for statement in statements.values { sqlite3_finalize(statement) }
            statements = [:]
        }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard let statement, code == SQLITE_OK else { throw error(code) }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: SQLValue, at index: Int32, of statement: OpaquePointer) throws(StoreError) {
        let code: Int32
        switch value {
        case .null: code = sqlite3_bind_null(statement, index)
        case .integer(let number): code = sqlite3_bind_int64(statement, index, number)
        case .text(let text):
            try demandStorable(text)
            // SQLITE_TRANSIENT, a macro that Swift does not see: SQLite copies the text.
            let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            code = sqlite3_bind_text(statement, index, text, -1, copied)
        }
        if code != SQLITE_OK { throw error(code) }
    }

    private func column(_ index: Int32, of statement: OpaquePointer) -> SQLValue {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, index))
        case SQLITE_NULL: .null
        default: sqlite3_column_text(statement, index).map { .text(String(cString: $0)) } ?? .null
        }
    }

    private func error(_ code: Int32) -> StoreError {
        let text = String(cString: sqlite3_errmsg(handle))
        return StoreError(.sqlite(code), "SQLite: \(text)\(advice(code))", store: name, nativeCode: "\(code)")
    }

    private func advice(_ code: Int32) -> String {
        switch StoreError.Code.sqlite(code) {
        case .locked: "; another process writes for longer than the lock timeout"
        case .full: "; make room on the disk"
        case .unavailable: "; see that the folder is there and may be written to"
        default: ""
        }
    }
}

extension SQLConnection {
    /// Databases end text at a zero.
    func demandStorable(_ text: String) throws(StoreError) {
        if text.utf8.contains(0) {
            throw StoreError(.failed, "Text with the character U+0000 cannot be stored", store: name)
        }
    }
}

extension StoreError.Code {
    /// The code for a result code of SQLite, extended or not.
    fileprivate static func sqlite(_ code: Int32) -> Self {
        switch code {
        case SQLITE_CONSTRAINT | (6 << 8), SQLITE_CONSTRAINT | (8 << 8): return .duplicate
        default: break
        }
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: return .locked
        case SQLITE_FULL: return .full
        case SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_PROTOCOL: return .unavailable
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt
        case SQLITE_PERM, SQLITE_AUTH, SQLITE_READONLY: return .denied
        default: return .failed
        }
    }
}

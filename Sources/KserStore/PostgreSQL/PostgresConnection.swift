import CLibpq
import Foundation
import Kser

/// One connection to a server. Its session is its only user.
final class PostgresConnection: SQLConnection {
    let name: String

    private let handle: OpaquePointer
    private var prepared: [String: String] = [:]
    private let executor: BlockingExecutor

    /// Connects.
    init(_ address: PostgresAddress, _ executor: BlockingExecutor) throws(StoreError) {
        name = address.description
        self.executor = executor
        // Later keywords prevail: what the connection string says comes last.
        let settings = [
            ("connect_timeout", "10"), ("keepalives_idle", "15"), ("tcp_user_timeout", "30000"),
            ("fallback_application_name", "kser"), ("dbname", address.text),
        ]
        let connected = withCStrings(settings.map(\.0)) { keywords in
            withCStrings(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let connected else { throw StoreError(.failed, "libpq has no memory for a connection", store: name) }
        handle = connected
        if PQstatus(handle) != CONNECTION_OK { throw connectionError() }
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        _ = try query("SET client_encoding = 'UTF8'")
    }

    deinit {
        // Closing sends something: it is done where all other calls were. Nobody else has the pointer any more.
        nonisolated(unsafe) let handle = handle
        executor.afterAll { PQfinish(handle) }
    }

    /// Whether it may be used again.
    var isUsable: Bool { PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Whether the server has not ended it while it was idle, as far as can be told without asking.
    var isAlive: Bool {
        // The first look takes the server's farewell, if there is one, and the second meets the end behind it.
        PQconsumeInput(handle) == 1 && PQconsumeInput(handle) == 1 && isUsable
    }

    func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try bracket("BEGIN", "COMMIT", "ROLLBACK", body)
    }

    func hasTable(_ name: String) throws(StoreError) -> Bool {
        try query("SELECT to_regclass($1)::text", [.text(name)]).first?.first != .null
    }

    /// Others that want the same lock wait; it goes with the transaction.
    func lockSchema() throws(StoreError) { _ = try query("SELECT pg_advisory_xact_lock(5494767)::text") }

    var rowLock: String { " FOR UPDATE" }
    var passingLocked: String { " SKIP LOCKED" }
    /// One clock for all machines.
    var clock: String { "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)" }

    func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]] {
        var texts: [String?] = []
        for value in values {
            switch value {
            case .null: texts.append(nil)
            case .integer(let number): texts.append("\(number)")
            case .text(let text):
                try demandStorable(text)
                texts.append(text)
            }
        }
        let result = try withCStrings(texts) { (values) throws(StoreError) in
            // A statement of parameters is planned once; others are few.
            if texts.isEmpty { return PQexec(handle, sql) }
            return PQexecPrepared(handle, try statement(sql), Int32(texts.count), values, nil, nil, 0)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK: return []
        case PGRES_TUPLES_OK: return rows(of: result)
        default: throw error(of: result)
        }
    }

    /// The name of a prepared statement.
    private func statement(_ sql: String) throws(StoreError) -> String {
        if let name = prepared[sql] { return name }
        // Lists of any length make ever new statements.
        if prepared.count >= 100 {
            PQclear(PQexec(handle, "DEALLOCATE ALL"))
            prepared = [:]
        }
        let name = "kser\(prepared.count)"
        let result = PQprepare(handle, name, sql, 0, nil)
        defer { PQclear(result) }
        if PQresultStatus(result) != PGRES_COMMAND_OK { throw error(of: result) }
        prepared[sql] = name
        return name
    }

    private func rows(of result: OpaquePointer?) -> [[SQLValue]] {
        let columns = 0..<PQnfields(result)
        let areIntegers = columns.map { PQftype(result, $0) == 20 }  // int8
        return (0..<PQntuples(result)).map { row in
            columns.map { column in
                if PQgetisnull(result, row, column) == 1 { return .null }
                let text = String(cString: PQgetvalue(result, row, column))
                return areIntegers[Int(column)] ? Int64(text).map { .integer($0) } ?? .null : .text(text)
            }
        }
    }

    private func connectionError() -> StoreError {
        let text = String(cString: PQerrorMessage(handle))
        // libpq has no codes for connecting.
        let isRefused = text.contains("authentication failed") || text.contains("no pg_hba.conf entry")
        let isMissing = text.contains("does not exist")
        let code: StoreError.Code = isRefused ? .denied : isMissing ? .configuration : .unavailable
        return StoreError(code, "PostgreSQL: \(text.firstLine)", store: name)
    }

    private func error(of result: OpaquePointer?) -> StoreError {
        guard PQstatus(handle) == CONNECTION_OK else { return connectionError() }
        let state = PQresultErrorField(result, 67).map { String(cString: $0) }  // PG_DIAG_SQLSTATE, 'C'
        // What libpq refuses by itself has no result.
        let text = String(cString: result == nil ? PQerrorMessage(handle) : PQresultErrorMessage(result)).firstLine
        return StoreError(.postgres(state ?? ""), "PostgreSQL: \(text)", store: name, nativeCode: state)
    }
}

extension String {
    fileprivate var firstLine: String { split(separator: "\n").first.map { String($0) } ?? "no answer" }
}

extension StoreError.Code {
    /// The code for an SQLSTATE.
    fileprivate static func postgres(_ state: String) -> Self {
        switch state {
        case "23505": return .duplicate
        case "40001", "40P01", "55P03": return .locked
        case "53100": return .full
        case "42501": return .denied
        case "3F000": return .configuration
        case "XX001", "XX002": return .corrupt
        default: break
        }
        switch state.prefix(2) {
        case "08", "53", "57", "58": return .unavailable
        case "28": return .denied
        default: return .failed
        }
    }
}

/// Hands texts to a C function as an array that ends with a null pointer; nil is a null pointer.
private func withCStrings<Value, Failure: Error>(
    _ texts: [String?],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws(Failure) -> Value
) throws(Failure) -> Value {
    let array = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: texts.count + 1)
    array.initialize(repeating: nil, count: texts.count + 1)
    for (index, text) in texts.enumerated() { array[index] = text.flatMap { strdup($0) }.map { UnsafePointer($0) } }
    defer {
        for index in texts.indices { free(UnsafeMutablePointer(mutating: array[index])) }
        array.deallocate()
    }
    return try body(array)
}

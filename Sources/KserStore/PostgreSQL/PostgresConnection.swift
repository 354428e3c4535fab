import CLibpq
import Foundation
import Kser

/// One connection to a server. Its session is its only user.
final class PostgresConnection: SQLConnection {
    let name: String

    private let handle: OpaquePointer
    private let executor: BlockingExecutor
    private let statementTimeout: Duration
    /// Whether tables are changed, which takes as long as they are large.
    private var isMigrating = false

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: the server.
    ///   - statementTimeout: how long a statement may take.
    ///   - executor: where all calls are made.
    /// - Throws: ``/Kser/StoreError``.
    init(_ address: PostgresAddress, statementTimeout: Duration, _ executor: BlockingExecutor) throws(StoreError) {
        name = address.description
        self.statementTimeout = statementTimeout
        self.executor = executor
        // Later keywords prevail: what the connection string says comes last.
        let settings = [
            ("connect_timeout", "10"), ("keepalives_idle", "15"), ("tcp_user_timeout", "30000"),
            ("fallback_application_name", "kser"), ("client_encoding", "UTF8"), ("dbname", address.text),
        ]
        let connected = withCStrings(settings.map(\.0)) { keywords in
            withCStrings(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let connected else { throw StoreError(.failed, "libpq has no memory for a connection", store: name) }
        handle = connected
        if PQstatus(handle) != CONNECTION_OK { throw connectionError() }
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
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
        defer { isMigrating = false }
        return try bracket("BEGIN", "COMMIT", "ROLLBACK", body)
    }

    func hasTable(_ name: String) throws(StoreError) -> Bool {
        try query("SELECT to_regclass($1)::text", [.text(name)]).first?.first != .null
    }

    /// Others that want the same lock wait; it goes with the transaction.
    func lockSchema() throws(StoreError) {
        isMigrating = true
        _ = try query("SELECT pg_advisory_xact_lock(5494767)::text")
    }

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
        // Without a name: what has one stays in the session, which a pooler gives to others between two transactions.
        let isSent = withCStrings(texts) { values in
            texts.isEmpty
                ? PQsendQuery(handle, sql) == 1
                : PQsendQueryParams(handle, sql, Int32(clamping: texts.count), nil, values, nil, nil, 0) == 1
        }
        if !isSent { throw error(of: nil) }
        let result = try answer(within: isMigrating ? .seconds(3_600) : statementTimeout)
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK: return []
        case PGRES_TUPLES_OK: return rows(of: result)
        default: throw error(of: result)
        }
    }

    /// The answer to a statement that was sent. One that takes too long is cancelled, and answered because of that.
    private func answer(within limit: Duration) throws(StoreError) -> OpaquePointer? {
        if try awaitAnswer(within: limit) { return takeAnswer() }
        // A connection that has not answered now is not idle, and so is used no more.
        guard cancel(), try awaitAnswer(within: .seconds(5)) else { throw overdue(.unavailable, limit) }
        let result = takeAnswer()
        if sqlState(of: result) != "57014" { return result }
        PQclear(result)
        throw overdue(.locked, limit)
    }

    /// Waits until there is an answer.
    ///
    /// - Returns: false when there is none within the limit.
    private func awaitAnswer(within limit: Duration) throws(StoreError) -> Bool {
        let end = ContinuousClock.now + limit
        while PQisBusy(handle) == 1 {
            let left = ContinuousClock.now.duration(to: end)
            if left <= .zero { return false }
            var socket = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            _ = poll(&socket, 1, Int32(clamping: max(1, left.milliseconds)))
            if PQconsumeInput(handle) != 1 { throw connectionError() }
        }
        return true
    }

    private func takeAnswer() -> OpaquePointer? {
        var last: OpaquePointer?
        while let next = PQgetResult(handle) {
            PQclear(last)
            last = next
        }
        return last
    }

    /// Has the server stop what it does for this connection.
    private func cancel() -> Bool {
        let request = PQgetCancel(handle)
        defer { PQfreeCancel(request) }
        var text = [CChar](repeating: 0, count: 256)
        return PQcancel(request, &text, Int32(text.count)) == 1
    }

    private func overdue(_ code: StoreError.Code, _ limit: Duration) -> StoreError {
        StoreError(
            code,
            "PostgreSQL: no answer within \(limit); another session has locked the rows, or the server is overloaded",
            store: name
        )
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

    /// What a statement that was refused tells of it; nil: libpq has not sent it.
    private func error(of result: OpaquePointer?) -> StoreError {
        guard PQstatus(handle) == CONNECTION_OK else { return connectionError() }
        let state = sqlState(of: result)
        let text = String(cString: result == nil ? PQerrorMessage(handle) : PQresultErrorMessage(result)).firstLine
        return StoreError(.postgres(state ?? ""), "PostgreSQL: \(text)", store: name, nativeCode: state)
    }

    private func sqlState(of result: OpaquePointer?) -> String? {
        PQresultErrorField(result, 67).map { String(cString: $0) }  // PG_DIAG_SQLSTATE, 'C'
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

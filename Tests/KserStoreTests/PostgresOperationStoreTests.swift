import Kser
import KserTesting
import TestSupport
import Testing

@testable import KserStore

@Suite(.timeLimit(.minutes(2))) struct PostgresOperationStoreTests {
    private static let checks = OperationStoreContract {
        try await PostgresOperationStore(try await makeSchema(.shared()))
    }.checks

    private static let checksOfMany = OperationStoreContract {
        let connectionString = try await makeSchema(.shared())
        var stores: [any OperationStore] = []
        for _ in 0..<3 { stores.append(try await PostgresOperationStore(connectionString, connections: 2)) }
        return Alternating(stores)
    }.checks

    @Test(arguments: checks) func contract(_ check: ContractCheck) async throws { try await check.run() }

    @Test(arguments: checksOfMany) func contractOverThreePools(_ check: ContractCheck) async throws {
        try await check.run()
    }

    @Test func manyMayMakeTheTablesAtOnce() async throws {
        let connectionString = try await makeSchema(.shared())
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    let store = try await PostgresOperationStore(connectionString, connections: 1)
                    try await store.insert(.sample("o\(index)"))
                }
            }
            try await group.waitForAll()
        }
        let store = try await PostgresOperationStore(connectionString)
        #expect(try await store.operations(matching: StoreQuery()).count == 8)
        let versions = try await store.pool.run { connection throws(StoreError) in
            try connection.query("SELECT version FROM kser_schema")
        }
        #expect(versions == [[.integer(1)], [.integer(2)]])
    }

    @Test func tablesOfANewerVersionAreRefusedAtConnectingAndLater() async throws {
        let connectionString = try await makeSchema(.shared())
        let store = try await PostgresOperationStore(connectionString)
        try await store.insert(.sample("o"))
        try await store.pool.run { connection throws(StoreError) in
            _ = try connection.query("INSERT INTO kser_schema VALUES (3, 0)")
        }
        let connecting = await #expect(throws: StoreError.self) { try await PostgresOperationStore(connectionString) }
        #expect(connecting?.code == .newerSchema)
        #expect(connecting?.message.contains("version 3, this program knows 2") == true)
        let reading = await #expect(throws: StoreError.self) { try await store.operation("o") }
        #expect(reading?.code == .newerSchema)
        for call in store.callsThatWrite(.sample("o")) {
            let error = await #expect(throws: StoreError.self) { try await call() }
            #expect(error?.code == .newerSchema)
        }
    }

    @Test func aServerThatIsDownIsNamedAndUsedAgainWhenItReturns() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresOperationStore(server.connectionString, connections: 2)
        try await store.insert(.sample("o"))
        try await server.stop()
        for _ in 0..<3 {
            let error = await #expect(throws: StoreError.self) { try await store.operation("o") }
            #expect(error?.code == .unavailable)
            #expect(error?.store == "postgresql://127.0.0.1:\(server.port)/postgres")
        }
        let connecting = await #expect(throws: StoreError.self) {
            try await PostgresOperationStore(server.connectionString)
        }
        #expect(connecting?.code == .unavailable)
        try await server.restart()
        #expect(try await store.operation("o") == .sample("o"))
        try await store.move("o")
    }

    @Test func connectionsThatTheServerEndedWhileIdleAreMadeAnew() async throws {
        let server = try await PostgresServer()
        let store = try await PostgresOperationStore(server.connectionString, connections: 2)
        try await store.insert(.sample("o"))
        // Both connections are in use at once, and then idle.
        async let first = store.operation("o")
        async let second = store.operation("o")
        _ = try await (first, second)
        try await server.stop()
        try await server.restart()
        for _ in 0..<4 { #expect(try await store.operation("o") == .sample("o")) }
    }

    @Test func aPasswordIsInNoError() async throws {
        let server = try await PostgresServer.shared()
        for text in [
            "host=127.0.0.1 port=1 password=hunter2 dbname=x", "postgresql://me:hunter2@127.0.0.1:1/x",
            "host=127.0.0.1 'hunter2", "hunter2", "postgresql://me:hunter2@[::1/x", "pass=hunter2",
            "\(server.connectionString) password=hunter2 dbname=none",
        ] {
            let error = await #expect(throws: StoreError.self) { try await PostgresOperationStore(text) }
            #expect(error.map { !"\($0)".contains("hunter2") } == true)
        }
        let unreadable = await #expect(throws: StoreError.self) { try await PostgresOperationStore("hunter2") }
        #expect(unreadable?.code == .configuration)
    }

    @Test func aUserWithoutRightsIsRefused() async throws {
        let server = try await PostgresServer.shared()
        let connectionString = try await makeSchema(server)
        try await server.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
        let schema = connectionString.split(separator: "=").last.map { $0.dropLast() } ?? ""
        try await server.execute("GRANT USAGE ON SCHEMA \(schema) TO guest")
        let guest = connectionString.replacing("user=postgres", with: "user=guest")
        let error = await #expect(throws: StoreError.self) { try await PostgresOperationStore(guest) }
        #expect(error?.code == .denied)
    }

    @Test(arguments: ["options='-csearch_path=none'", "dbname=none"])
    func aPlaceThatIsNotThereIsNamed(_ setting: String) async throws {
        let server = try await PostgresServer.shared()
        let error = await #expect(throws: StoreError.self) {
            try await PostgresOperationStore("\(server.connectionString) \(setting)")
        }
        #expect(error?.code == .configuration)
    }

    @Test func noOperationCanGoOnInTwoWays() async throws {
        let store = try await PostgresOperationStore(try await makeSchema(.shared()))
        try await store.insert(.sample("o"))
        let error = await #expect(throws: StoreError.self) {
            try await store.pool.run { connection throws(StoreError) in
                _ = try connection.query(
                    "INSERT INTO kser_event (operation, version, time, round, status) VALUES ('o', 1, 0, 1, 'RUNNING')"
                )
            }
        }
        #expect(error?.code == .duplicate)
        #expect(error?.nativeCode == "23505")
    }

    @Test func aClosedStoreSaysSo() async throws {
        let store = try await PostgresOperationStore(try await makeSchema(.shared()))
        await store.close()
        let error = await #expect(throws: StoreError.self) { try await store.operation("o") }
        #expect(error?.code == .closed)
    }

    /// A session that has locked the rows of operations until the body ends.
    private func whileLocked(_ connectionString: String, _ body: () async throws -> Void) async throws {
        let other = try PostgresConnection(
            PostgresAddress(connectionString),
            statementTimeout: .seconds(30),
            BlockingExecutor("test.lock")
        )
        _ = try other.query("BEGIN")
        _ = try other.query("LOCK TABLE kser_operation IN ACCESS EXCLUSIVE MODE")
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        _ = try other.query("ROLLBACK")
        try result.get()
    }

    @Test func aStatementThatWaitsForALockIsGivenUpAtItsLimit() async throws {
        let connectionString = try await makeSchema(.shared())
        let store = try await PostgresOperationStore(
            connectionString,
            connections: 1,
            statementTimeout: .milliseconds(300)
        )
        try await store.insert(.sample("o"))
        try await whileLocked(connectionString) {
            let error = await #expect(throws: StoreError.self) { try await store.operation("o") }
            #expect(error?.code == .locked)
            #expect(error?.message.contains("another session") == true)
            // The server has stopped as well, so nothing of it is in the way of whoever has the lock.
            let waiting = try await PostgresServer.shared().waiting(in: connectionString)
            #expect(waiting == 0)
        }
        #expect(try await store.operation("o") == .sample("o"))
    }

    @Test func closingWaitsNoLongerThanAStatementMayTakeAndWhoWaitedConnectsNoMore() async throws {
        let connectionString = try await makeSchema(.shared())
        let store = try await PostgresOperationStore(
            connectionString,
            connections: 1,
            statementTimeout: .seconds(8)
        )
        try await store.insert(.sample("o"))
        try await whileLocked(connectionString) {
            let first = Task { try await store.operation("o") }
            try await poll { try await PostgresServer.shared().waiting(in: connectionString) == 1 }
            // It waits for the one connection.
            let second = Task { try await store.operation("o") }
            try await poll { store.pool.waiting == 1 }
            let start = ContinuousClock.now
            await store.close()
            #expect(start.duration(to: .now) < .seconds(20))
            #expect((await first.failure as? StoreError)?.code == .locked)
            #expect((await second.failure as? StoreError)?.code == .closed)
        }
    }

    @Test func aPoolerInTransactionModeGivesEachTransactionAnotherSession() async throws {
        let server = try await PostgresServer.shared()
        let schema = try await makeSchema(server)
        let name = schema.split(separator: "=").last.map { String($0.dropLast()) } ?? ""
        let pooler = try await PgBouncer(to: server, searchPath: name, sessions: 3)
        var stores: [any OperationStore] = []
        for _ in 0..<3 { stores.append(try await PostgresOperationStore(pooler.connectionString, connections: 3)) }
        let store = Alternating(stores)
        try await withThrowingTaskGroup { group in
            for index in 0..<60 {
                group.addTask {
                    let operation = OperationRecord.sample("p\(index)", tasks: 1 + index % 7)
                    try await store.insert(operation)
                    guard try await store.operation(operation.uuid) == operation else { throw Lost() }
                    _ = try await store.operations(matching: StoreQuery())
                }
            }
            try await group.waitForAll()
        }
    }
}

private struct Lost: Error {}

extension Task {
    fileprivate var failure: (any Error)? {
        get async { if case .failure(let error) = await result { error } else { nil } }
    }
}

extension PostgresServer {
    /// How many sessions wait for a lock on a table of the schema that a connection string names.
    fileprivate func waiting(in connectionString: String) async throws -> Int {
        let name = connectionString.split(separator: "=").last.map { String($0.dropLast()) } ?? ""
        let pool = PostgresPool(try PostgresAddress(self.connectionString), size: 1, statementTimeout: .seconds(60))
        return try await pool.run { connection throws(StoreError) in
            try connection.query(
                """
                SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT l.granted AND n.nspname = $1
                """,
                [.text(name)]
            ).count
        }
    }
}

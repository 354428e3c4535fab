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
}

import Foundation
import Kser
import KserTesting
import TestSupport
import Testing

@testable import KserStore

@Suite(.timeLimit(.minutes(2))) struct SQLiteOperationStoreTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory("sqlite")
        path = directory.url.appending(path: "operations.db").path()
    }

    @Test(arguments: checks(connections: 1)) func contract(_ check: ContractCheck) async throws {
        try await check.run()
    }

    @Test(arguments: checks(connections: 4)) func contractOverFourConnections(_ check: ContractCheck) async throws {
        try await check.run()
    }

    private static func checks(connections count: Int) -> [ContractCheck] {
        let directories = Folders()
        return OperationStoreContract {
            let path = try directories.make().appending(path: "operations.db").path()
            var stores: [any OperationStore] = []
            for _ in 0..<count { stores.append(try await SQLiteOperationStore(path: path)) }
            return Alternating(stores)
        }.checks
    }

    @Test func newFilesAreForTheirUserAloneAndOthersKeepTheirPermissions() async throws {
        let folder = try TemporaryDirectory("sqlite")
        func mode(_ name: String) throws -> Int? {
            let path = folder.url.appending(path: name).path()
            return try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        let store = try await SQLiteOperationStore(path: folder.url.appending(path: "new.db").path())
        try await store.insert(.sample("o"))
        for name in ["new.db", "new.db-wal", "new.db-shm"] { #expect(try mode(name) == 0o600, "\(name)") }
        _ = try await SQLiteDeduplicationWindow(path: folder.url.appending(path: "window.db").path())
        #expect(try mode("window.db") == 0o600)
        let shared = folder.url.appending(path: "shared.db").path()
        _ = FileManager.default.createFile(atPath: shared, contents: nil, attributes: [.posixPermissions: 0o640])
        try await SQLiteOperationStore(path: shared).insert(.sample("o"))
        #expect(try mode("shared.db") == 0o640)
    }

    @Test func whatIsStoredIsThereWhenTheFileIsOpenedAgain() async throws {
        let store = try await SQLiteOperationStore(path: path)
        try await store.insert(.sample("o"))
        await store.close()
        let error = await #expect(throws: StoreError.self) { try await store.operation("o") }
        #expect(error?.code == .closed)
        let again = try await SQLiteOperationStore(path: path)
        #expect(try await again.operation("o") == .sample("o"))
    }

    @Test func manyMayMakeTheTablesAtOnce() async throws {
        let path = path
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask {
                    let store = try await SQLiteOperationStore(path: path)
                    try await store.insert(.sample("o\(index)"))
                }
            }
            try await group.waitForAll()
        }
        let store = try await SQLiteOperationStore(path: path)
        #expect(try await store.operations(matching: StoreQuery()).count == 8)
        let versions = try await store.database.run { connection throws(StoreError) in
            try connection.query("SELECT version FROM kser_schema")
        }
        #expect(versions == [[.integer(1)], [.integer(2)]])
    }

    @Test func aFileOfANewerVersionIsRefusedAtOpeningAndLater() async throws {
        let store = try await SQLiteOperationStore(path: path)
        try await store.insert(.sample("o"))
        try await store.execute("INSERT INTO kser_schema VALUES (3, 0)")
        let opening = await #expect(throws: StoreError.self) { try await SQLiteOperationStore(path: path) }
        #expect(opening?.code == .newerSchema)
        #expect(opening?.message.contains("version 3, this program knows 2") == true)
        #expect(opening?.store == path)
        for call in store.callsThatWrite(.sample("o")) {
            let error = await #expect(throws: StoreError.self) { try await call() }
            #expect(error?.code == .newerSchema)
        }
        let reading = await #expect(throws: StoreError.self) { try await store.operation("o") }
        #expect(reading?.code == .newerSchema)
    }

    @Test func aLockedFileIsWaitedForAndThenNamed() async throws {
        let other = try await SQLiteOperationStore(path: path)
        try await other.insert(.sample("o"))
        try await other.execute("BEGIN EXCLUSIVE")
        let options = SQLiteOptions(lockTimeout: .milliseconds(50))
        let store = try await SQLiteOperationStore(path: path, options: options)
        let error = await #expect(throws: StoreError.self) { try await store.insert(.sample("p")) }
        #expect(error?.code == .locked)
        #expect(error?.description.contains("lock timeout") == true)
        #expect(try await store.operation("o") != nil)
        try await other.execute("COMMIT")
        try await store.insert(.sample("p"))
    }

    @Test func aFullDiskTakesNothingAndGoesOnWhenThereIsRoom() async throws {
        let store = try await SQLiteOperationStore(path: path)
        try await store.insert(.sample("o"))
        try await store.limitPages(to: 0)
        let large = OperationRecord.sample("p", params: ["text": .string(String(repeating: "x", count: 100_000))])
        let error = await #expect(throws: StoreError.self) { try await store.insert(large) }
        #expect(error?.code == .full)
        #expect(try await store.operation("p") == nil)
        try await store.limitPages(to: 1_000_000)
        try await store.insert(large)
        #expect(try await store.operation("p") == large)
    }

    @Test func aFileThatIsNoDatabaseIsRefused() async throws {
        try directory.write(String(repeating: "this is no database ", count: 1_000), to: "operations.db")
        let error = await #expect(throws: StoreError.self) { try await SQLiteOperationStore(path: path) }
        #expect(error?.code == .corrupt)
    }

    @Test func aFolderThatIsNotThereIsNamed() async throws {
        let path = directory.url.appending(path: "none/operations.db").path()
        let error = await #expect(throws: StoreError.self) { try await SQLiteOperationStore(path: path) }
        #expect(error?.code == .unavailable)
        #expect(error?.store == path)
    }

    @Test func aColumnThatCannotBeReadIsNamed() async throws {
        let store = try await SQLiteOperationStore(path: path)
        try await store.insert(.sample("o"))
        try await store.execute("UPDATE kser_task SET result = 'not JSON'")
        let error = await #expect(throws: StoreError.self) { try await store.operation("o") }
        #expect(error?.code == .corrupt)
    }

    @Test func textWithAZeroIsRefused() async throws {
        let store = try await SQLiteOperationStore(path: path)
        await #expect(throws: StoreError.self) { try await store.insert(.sample("o\u{0}p")) }
    }

    @Test func noOperationCanGoOnInTwoWays() async throws {
        let store = try await SQLiteOperationStore(path: path)
        try await store.insert(.sample("o"))
        let error = await #expect(throws: StoreError.self) {
            try await store.database.run { connection throws(StoreError) in
                _ = try connection.query(
                    "INSERT INTO kser_event (operation, version, time, round, status) VALUES ('o', 1, 0, 1, 'RUNNING')"
                )
            }
        }
        #expect(error?.code == .duplicate)
    }
}

import Foundation
import Kser
import KserStore
import TestSupport
import Testing

/// Prints how many transitions a second the stores make here, with 8 writers at once.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ThroughputTests {
    @Test func onSQLite() async throws {
        let directory = try TemporaryDirectory("sqlite")
        let path = directory.url.appending(path: "operations.db").path()
        try await measure("SQLite", try await SQLiteOperationStore(path: path))
    }

    @Test func onPostgreSQL() async throws {
        let connectionString = try await makeSchema(.shared())
        try await measure("PostgreSQL", try await PostgresOperationStore(connectionString, connections: 8))
    }

    private func measure(_ name: String, _ store: some OperationStore) async throws {
        let transitions = 250
        let start = ContinuousClock.now
        try await withThrowingTaskGroup { group in
            for writer in 0..<8 {
                group.addTask {
                    try await store.insert(.sample("o\(writer)", tasks: 8))
                    for count in 0..<transitions {
                        try await store.move("o\(writer)", TaskStatus(rawValue: "\(count)"), of: count % 8)
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("\(name): \(Int(Double(8 * transitions) / seconds)) transitions/s, 8 writers")
        for writer in 0..<8 {
            #expect(try await store.history(of: "o\(writer)").map(\.version) == Array(1...transitions + 1))
        }
    }
}

import Foundation
import Kser
import KserStore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct SQLiteCrashJournalTests {
    private let place = TopicPartition(topic: "jobs", partition: 1)

    @Test func whatHadBegunIsThereForTheNextProcess() async throws {
        let folder = try TemporaryDirectory("journal")
        let path = folder.url.appending(path: "begun.db").path()
        var journal = try await SQLiteCrashJournal(path: path)
        for offset in [3, 4, Int64.max] { try await journal.note(1, by: "g", in: place, offset: offset) }
        try await journal.note(2, by: "g", in: place, offset: 4)
        try await journal.note(0, by: "g", in: place, offset: 3)
        try await journal.note(0, by: "g", in: place, offset: 99)
        try await journal.note(7, by: "other", in: place, offset: 4)
        try await journal.note(8, by: "g", in: TopicPartition(topic: "jobs", partition: 2), offset: 4)
        // Not closed: as a process leaves it that ends.
        journal = try await SQLiteCrashJournal(path: path)
        #expect(try await journal.begun(by: "g", in: place) == [4: 2, .max: 1])
        #expect(try await journal.begun(by: "other", in: place) == [4: 7])
        #expect(try await journal.begun(by: "nobody", in: place).isEmpty)
        await journal.close()
        await #expect(throws: StoreError.self) { try await journal.begun(by: "g", in: place) }
    }
}

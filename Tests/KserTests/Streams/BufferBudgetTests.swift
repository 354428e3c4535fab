import Kser
import Testing

@Suite("What partitions buffer together")
struct BufferBudgetTests {
    private final class Owner: PartitionOwner {
        func partitionHasRoom(_ stream: PartitionStream) {}
        func partitionBecameIdle(_ stream: PartitionStream) {}
    }

    private let budget = BufferBudget(records: 100, bytes: .max)

    private func makeStream(_ partition: Int32) -> PartitionStream {
        PartitionStream(
            topic: "t",
            partition: partition,
            limits: BufferLimits(records: 90, bytes: .max),
            budget: budget,
            owner: Owner()
        )
    }

    private func records(_ offsets: Range<Int64>) -> [Record] {
        offsets.map { Record(topic: "t", offset: $0, value: [1]) }
    }

    @Test("one with a backlog has up to its own limit while the others have little")
    func alone() {
        let streams = (0..<10).map { makeStream($0) }
        #expect(streams[0].offer(records(0..<80)) == .none)
        #expect(streams[0].room == 10)
        #expect(streams[1].room == 90)
    }

    @Test("when it is used up, each has an equal share")
    func shared() {
        let streams = (0..<10).map { makeStream($0) }
        #expect(streams[0].offer(records(0..<89)) == .none)
        #expect(streams[1].offer(records(0..<15)) == .pause)
        #expect(streams[1].room == 0)
        // 10 are the share of each.
        #expect(streams[2].room == 10)
        #expect(streams[2].offer(records(0..<9)) == .none)
        #expect(streams[2].offer(records(9..<10)) == .pause)
    }

    @Test("a stream that ends gives back what it has, once")
    func givenBack() {
        let streams = (0..<2).map { makeStream($0) }
        #expect(streams[0].offer(records(0..<89)) == .none)
        #expect(streams[1].offer(records(0..<49)) == .none)
        #expect(streams[1].room == 1)
        streams[0].end()
        streams[0].end()
        #expect(streams[0].offer(records(89..<189)) == .none)
        #expect(streams[1].room == 41)
    }

    @Test("what is handed out makes room for others")
    func handedOut() async throws {
        let (first, second) = (makeStream(0), makeStream(1))
        #expect(first.offer(records(0..<89)) == .none)
        #expect(second.offer(records(0..<20)) == .none)
        #expect(second.room == 30)
        var iterator = first.makeAsyncIterator()
        _ = try await iterator.next()
        #expect(second.room == 70)
    }
}

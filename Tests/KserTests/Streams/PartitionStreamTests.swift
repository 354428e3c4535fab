import Synchronization
import Testing

@testable import Kser

@Suite(.timeLimit(.minutes(1))) struct PartitionStreamTests {
    private let owner = RecordingOwner()

    @Test func deliversInOrderAndCommitsTheLowestUnfinished() async throws {
        let stream = makeStream()
        _ = stream.offer(records(10..<14))
        stream.finish()
        var seen: [Record] = []
        for try await record in stream { seen.append(record) }
        #expect(seen.map(\.offset) == [10, 11, 12, 13])
        #expect(stream.takeCommittable() == nil)
        #expect(stream.complete(seen[1]))
        #expect(stream.takeCommittable() == nil)
        #expect(stream.complete(seen[0]))
        #expect(stream.takeCommittable() == 12)
        #expect(stream.takeCommittable() == nil)
        stream.commitFailed()
        #expect(stream.takeCommittable() == 12)
    }

    @Test func theEndIsCommittedWhenAllBeforeItIsDone() async throws {
        let stream = makeStream()
        _ = stream.offer(records(10..<12))
        stream.reachedEnd(at: 15)
        var iterator = stream.makeAsyncIterator()
        let first = try #require(try await iterator.next())
        let second = try #require(try await iterator.next())
        #expect(stream.following(first) == 11 && stream.following(second) == 15)
        stream.complete(second)
        #expect(stream.takeCommittable() == nil && stream.idleOffset == nil)
        stream.complete(first)
        #expect(stream.takeCommittable() == 15 && stream.idleOffset == 15)
        #expect(stream.statistics.lag == 0)
        _ = stream.offer(records(15..<16))
        stream.complete(try #require(try await iterator.next()))
        #expect(stream.takeCommittable() == 16)
    }

    @Test func theEndIsNotCommittedBeforeWhatWasNotHandedOut() async throws {
        let stream = makeStream()
        _ = stream.offer(records(10..<12))
        stream.reachedEnd(at: 15)
        #expect(stream.takeCommittable() == nil)
        for try await record in stream {
            stream.complete(record)
            break
        }
        stream.reachedEnd(at: 15)
        stream.end()
        stream.reachedEnd(at: 15)
        #expect(stream.takeCommittable() == 11)
    }

    @Test func aPartitionWithoutRecordsIsCommittedToItsEnd() {
        let stream = makeStream()
        stream.reachedEnd(at: 7)
        #expect(stream.takeCommittable() == 7)
        #expect(stream.statistics.lag == 0)
    }

    @Test func completingTwiceOrAForeignRecordChangesNothing() async throws {
        let stream = makeStream()
        _ = stream.offer(records(0..<1))
        var iterator = stream.makeAsyncIterator()
        let record = try #require(try await iterator.next())
        #expect(!stream.complete(Record(topic: "t", offset: 7, value: nil)))
        #expect(stream.complete(record))
        #expect(!stream.complete(record))
    }

    @Test func endingTakesBackWhatWasNotHandedOut() async throws {
        let stream = makeStream()
        _ = stream.offer(records(0..<10))
        var iterator = stream.makeAsyncIterator()
        let first = try #require(try await iterator.next())
        #expect(stream.inFlight == 10)
        stream.end()
        #expect(try await iterator.next() == nil)
        #expect(stream.inFlight == 1)
        #expect(owner.idle.load(ordering: .relaxed) == 0)
        stream.complete(first)
        #expect(owner.idle.load(ordering: .relaxed) == 1)
        #expect(stream.takeCommittable() == 1)
    }

    @Test func leavingTheLoopTakesBackTheRest() async throws {
        let stream = makeStream()
        _ = stream.offer(records(0..<10))
        for try await record in stream {
            stream.complete(record)
            if record.offset == 2 { break }
        }
        #expect(stream.inFlight == 0)
        #expect(stream.takeCommittable() == 3)
    }

    @Test func asksForAPauseAboveTheHighMarkAndForMoreAtTheLowOne() async throws {
        let stream = makeStream(limit: 10)
        #expect(stream.offer(records(0..<5)) == .none)
        #expect(stream.offer(records(5..<12)) == .pause)
        #expect(stream.offer(records(12..<13)) == .none)
        var iterator = stream.makeAsyncIterator()
        for _ in 0..<5 { _ = try await iterator.next() }
        #expect(owner.room.load(ordering: .relaxed) == 0)
        _ = try await iterator.next()
        #expect(owner.room.load(ordering: .relaxed) == 1)
    }

    @Test func statisticsTellHowFarTheWorkIs() async throws {
        let time = Mutex(ContinuousClock.now)
        let stream = PartitionStream(
            topic: "t",
            partition: 3,
            limits: BufferLimits(records: 10, bytes: .max),
            owner: owner,
            clock: { time.withLock { $0 } }
        )
        #expect(stream.statistics.oldestAge == nil && stream.statistics.position == nil)
        for start in [10, 15] as [Int64] { _ = stream.offer(records(start..<(start + 5))) }
        var iterator = stream.makeAsyncIterator()
        var taken: [Record] = []
        for _ in 0..<5 { taken.append(try #require(try await iterator.next())) }
        for index in [0, 2, 3] { stream.complete(taken[index]) }
        time.withLock { $0 += .seconds(7) }
        let expected = PartitionStatistics(
            topic: "t",
            partition: 3,
            inFlight: 2,
            doneAboveGap: 2,
            incomplete: 4,
            buffered: 5,
            position: 11,
            committed: 10,
            end: nil,
            oldestAge: .seconds(7),
            isPaused: false,
            isFull: false
        )
        #expect(stream.statistics == expected)
        stream.pause()
        #expect(stream.statistics.isPaused)
        #expect(stream.takeCommittable() == 11)
        #expect(stream.statistics.committed == 11)
    }

    @Test func aSecondIteratorThrows() async throws {
        let stream = makeStream()
        let first = stream.makeAsyncIterator()
        var second = stream.makeAsyncIterator()
        await #expect(throws: KserError.self) { _ = try await second.next() }
        _ = first
    }

    @Test func cancellingTheLoopEndsIt() async throws {
        let stream = makeStream()
        let loop = Task { for try await record in stream { stream.complete(record) } }
        loop.cancel()
        try await loop.value
    }

    @Test func aCancelledLoopGetsNothingMoreOfItsBatch() async throws {
        let stream = makeStream()
        _ = stream.offer(records(0..<100))
        let loop = Task {
            var worked = 0
            for try await record in stream {
                worked += 1
                if worked == 5 { withUnsafeCurrentTask { $0?.cancel() } }
                stream.complete(record)
            }
            return worked
        }
        #expect(try await loop.value == 5)
        #expect(stream.takeCommittable() == 5)
        #expect(stream.inFlight == 0)
    }

    @Test func aCancelledLoopOverAllRecordsCompletesNothingMore() async throws {
        let hub = StreamHub(limits: BufferLimits(records: 1_000, bytes: .max), start: {}, stop: {})
        let made = Mutex<PartitionStream?>(nil)
        let worked = try await Task {
            var iterator = RecordSequence(hub).makeAsyncIterator()
            let stream = hub.makeStream(topic: "t", partition: 0, owner: owner)
            made.withLock { $0 = stream }
            _ = stream.offer(records(0..<200))
            var worked = 0
            while try await iterator.next() != nil {
                worked += 1
                if worked == 5 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return worked
        }.value
        #expect(worked == 5)
        let stream = try #require(made.withLock { $0 })
        #expect(stream.takeCommittable() == 4, "the body of the fifth was running")
        #expect(stream.inFlight == 0)
    }

    @Test func offsetsThatGoBackAreForANewStream() async throws {
        let stream = makeStream()
        #expect(stream.offer(records(5..<8)) == .none)
        #expect(stream.offer(records(8..<10) + records(0..<3)) == .wentBack(at: 2))
        #expect(stream.offer(records(9..<10)) == .wentBack(at: 0))
        #expect(stream.offer(records(10..<11)) == .none)
        stream.finish()
        var seen: [Int64] = []
        for try await record in stream { seen.append(record.offset) }
        #expect(seen == Array(5..<11))
        let last = Record(topic: "t", offset: .max, value: nil)
        #expect(makeStream().offer([last, last]) == .none, "the last offset of all is no trap")
    }

    @Test func whoWaitsForTheEndOfARecordIsWokenWhenItIsTakenBack() async throws {
        let (stream, next) = (makeStream(), makeStream())
        _ = stream.offer(records(0..<3))
        var iterator = stream.makeAsyncIterator()
        let first = try #require(try await iterator.next())
        try await withThrowingDiscardingTaskGroup { group in
            for offset in [1, 2] as [Int64] { group.addTask { await stream.ended(offset, or: next) } }
            while stream.state.withLock({ $0.ends.count < 2 }) { await Task.yield() }
            stream.end()
            let next = try await iterator.next()
            #expect(next == nil)
        }
        #expect(stream.state.withLock { $0.ends.isEmpty } && stream.isInWork(first.offset))
    }

    @Test func aPartitionThatWentBackHasNoLag() {
        var statistics = makeStream().statistics
        (statistics.position, statistics.end) = (500, 10)
        #expect(statistics.lag == nil)
        statistics.end = 500
        #expect(statistics.lag == 0)
    }

    @Test func headersCountInTheBuffer() {
        let stream = PartitionStream(
            topic: "t",
            partition: 0,
            limits: BufferLimits(records: 1_000, bytes: 100_000),
            owner: owner
        )
        let header = Record.Header("trace", Array(repeating: 1, count: 60_000))
        let record = Record(topic: "t", offset: 0, value: nil, headers: [header])
        #expect(stream.offer([record]) == .none)
        var other = record
        other.offset = 1
        #expect(stream.offer([other]) == .pause)
        let small = Record(
            topic: "t",
            offset: 0,
            value: nil,
            headers: Array(repeating: Record.Header("", nil), count: 1_000)
        )
        #expect(small.footprint >= 64_000, "many small headers take room too")
        #expect(ProducerRecord(topic: "t", value: [1], headers: [header]).footprint > 60_000)
    }

    @Test func aRecordMayBeCommittedBeforeItsWorkIsDone() async throws {
        let stream = makeStream()
        _ = stream.offer(records(3..<6))
        var iterator = stream.makeAsyncIterator()
        let first = try #require(try await iterator.next())
        stream.setCommittable(first, true)
        #expect(stream.takeCommittable() == 4)
        #expect(stream.inFlight == 3)
        stream.commitFailed()
        stream.setCommittable(first, false)
        #expect(stream.takeCommittable() == 3)
        stream.complete(first)
        #expect(stream.takeCommittable() == 4)
    }

    private func makeStream(limit: Int = 1_000) -> PartitionStream {
        PartitionStream(
            topic: "t",
            partition: 0,
            limits: BufferLimits(records: limit, bytes: .max),
            owner: owner
        )
    }

    private func records(_ offsets: Range<Int64>) -> [Record] {
        offsets.map { Record(topic: "t", offset: $0, value: [1]) }
    }
}

private final class RecordingOwner: PartitionOwner {
    let room = Atomic(0)
    let idle = Atomic(0)

    func partitionHasRoom(_ stream: PartitionStream) { room.add(1, ordering: .relaxed) }
    func partitionBecameIdle(_ stream: PartitionStream) { idle.add(1, ordering: .relaxed) }
}

import Kser
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct PausingTests {
    private let owner = IdleOwner()

    @Test func aPausedPartitionHandsNothingOutUntilItIsResumed() async throws {
        let stream = makeStream()
        _ = stream.offer(records(0..<10))
        var iterator = stream.makeAsyncIterator()
        for offset in 0..<3 as Range<Int64> { #expect(try await iterator.next()?.offset == offset) }
        stream.pause()
        #expect(stream.isPaused)
        _ = stream.offer(records(10..<12))
        let resuming = Task {
            // What was begun and not handed out is taken back.
            while stream.inFlight != 3 { await Task.yield() }
            let buffered = stream.buffered
            stream.resume()
            return buffered
        }
        #expect(try await iterator.next()?.offset == 3)
        #expect(await resuming.value == 9)
        for offset in 4..<12 as Range<Int64> { #expect(try await iterator.next()?.offset == offset) }
        #expect(stream.buffered == 0 && !stream.isPaused)
    }

    @Test func nothingIsLostAndTheOrderKeptHoweverOftenItIsPaused() async throws {
        let stream = makeStream()
        let pausing = Task {
            while !Task.isCancelled {
                stream.pause()
                await Task.yield()
                stream.resume()
                await Task.yield()
            }
        }
        let reading = Task {
            var seen: [Int64] = []
            for try await record in stream {
                seen.append(record.offset)
                stream.complete(record)
                if seen.count == 20_000 { break }
            }
            return seen
        }
        for start in stride(from: 0, to: 20_000 as Int64, by: 8) {
            _ = stream.offer(records(start..<(start + 8)))
            if start % 80 == 0 { await Task.yield() }
        }
        #expect(try await reading.value == Array(0..<20_000))
        pausing.cancel()
        #expect(stream.takeCommittable() == 20_000)
    }

    @Test func theEndEndsAPause() async throws {
        let stream = makeStream()
        stream.pause()
        _ = stream.offer(records(0..<10))
        let reading = Task {
            var iterator = stream.makeAsyncIterator()
            return try await iterator.next()?.offset
        }
        stream.end()
        #expect(try await reading.value == nil)
        #expect(stream.takeCommittable() == nil)
    }

    @Test func itselfAndItsConsumerPauseAPartition() async throws {
        let hub = makeHub()
        let stream = hub.makeStream(topic: "t", partition: 0, owner: owner)
        hub.pause()
        let late = hub.makeStream(topic: "t", partition: 1, owner: owner)
        #expect(stream.isPaused && late.isPaused && hub.isPaused)
        stream.pause()
        hub.resume()
        #expect(stream.isPaused && !late.isPaused && !hub.isPaused)
        stream.resume()
        #expect(!stream.isPaused)
        stream.end()
        #expect(hub.assigned.map(\.partition) == [1])
    }

    @Test func inTheMergedSequenceOnlyThePausedPartitionWaits() async throws {
        let hub = makeHub()
        var iterator = RecordSequence(hub).makeAsyncIterator()
        let streams = (0..<2).map { hub.makeStream(topic: "t", partition: $0, owner: owner) }
        for start in [0, 5] as [Int64] {
            for stream in streams { _ = stream.offer(records(start..<(start + 5), stream)) }
        }
        #expect(try await iterator.next()?.partition == 0)
        streams[0].pause()
        var seen: [Int64] = []
        for _ in 0..<10 {
            let record = try await iterator.next()
            #expect(record?.partition == 1)
            seen.append(record?.offset ?? -1)
        }
        #expect(seen == Array(0..<10))
        streams[0].resume()
        for offset in 1..<10 as Range<Int64> {
            let record = try await iterator.next()
            #expect(record?.partition == 0 && record?.offset == offset)
        }
    }

    private func makeHub() -> StreamHub {
        StreamHub(limits: BufferLimits(records: 1_000, bytes: .max), start: {}, stop: {})
    }

    private func makeStream() -> PartitionStream {
        PartitionStream(
            topic: "t",
            partition: 0,
            limits: BufferLimits(records: 1_000, bytes: .max),
            owner: owner
        )
    }

    private func records(_ offsets: Range<Int64>, _ stream: PartitionStream? = nil) -> [Record] {
        offsets.map { Record(topic: "t", partition: stream?.partition ?? 0, offset: $0, value: [1]) }
    }
}

private final class IdleOwner: PartitionOwner {
    func partitionHasRoom(_ stream: PartitionStream) {}
    func partitionBecameIdle(_ stream: PartitionStream) {}
}

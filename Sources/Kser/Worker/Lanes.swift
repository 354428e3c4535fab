import Synchronization

/// The keys of a partition that have work, each with the records that wait behind it.
final class Lanes: Sendable {
    private let waiting = Mutex<[[UInt8]: Queue<Record>]>([:])
    /// For what waits in all lanes together; the rest waits in the partition's buffer.
    private let room = Permits(1_000, bytes: 8 << 20)

    /// Enters a record into the lane of its key, when there is room for it to wait there.
    ///
    /// - Returns: true when the lane was free and its work has to be begun; else the record waits in the lane.
    func enter(_ record: Record, key: [UInt8], of partition: PartitionStream) async -> Bool {
        if waiting.withLock({ Self.begin(&$0, key) }) { return true }
        await room.take(record.footprint, of: partition)
        let isFree = waiting.withLock { waiting in
            if Self.begin(&waiting, key) { return true }
            waiting[key]?.append(record)
            return false
        }
        if isFree { room.giveBack(record.footprint) }
        return isFree
    }

    private static func begin(_ waiting: inout [[UInt8]: Queue<Record>], _ key: [UInt8]) -> Bool {
        if waiting[key] != nil { return false }
        waiting[key] = Queue()
        return true
    }

    /// The record to work on next in a lane; nil frees the lane.
    @inline(never)
    func next(key: [UInt8]) -> Record? {
        let next = waiting.withLock { waiting in
            let next = waiting[key]?.popFirst()
            if next == nil { waiting[key] = nil }
            return next
        }
        if let next { room.giveBack(next.footprint) }
        return next
    }
}

extension Permits {
    /// Takes a place, and room for bytes, for a partition; see ``wait(for:with:of:)``.
    func take(_ bytes: Int = 0, for offset: Int64? = nil, of partition: PartitionStream) async {
        if let turn = request(bytes) { await wait(for: turn, with: offset, of: partition) }
    }

    /// Waits for a place for a partition, whose end ends the wait as a cancellation does; not, though, the wait for the
    /// place of a record that is to be run all the same.
    func wait(for turn: Turn, with offset: Int64? = nil, of partition: PartitionStream) async {
        let watch = partition.onEnd {
            if let offset, partition.isAmongBegun(offset) { return }
            turn.end()
        }
        defer { partition.forget(watch) }
        await wait(for: turn)
    }
}

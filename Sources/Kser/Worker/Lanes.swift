import Synchronization

/// The keys of a partition that have work, each with the records that wait behind it.
final class Lanes: Sendable {
    private let waiting = Mutex<[[UInt8]: [Record]]>([:])
    /// The highest offset whose work began.
    private let highest = Mutex(Int64.min)

    /// Notes that the work for a record begins, unless the partition ended and nothing behind the record has begun.
    func begin(_ offset: Int64, of partition: PartitionStream) -> Bool {
        highest.withLock { highest in
            if offset < highest { return true }
            // Asked for under the lock: once the end held one record back, it holds back all behind it.
            if partition.isEnded { return false }
            highest = offset
            return true
        }
    }

    /// Enters a record into the lane of its key.
    ///
    /// - Returns: true when the lane was free and its work has to be begun; else the record waits in the lane.
    func enter(_ record: Record, key: [UInt8]) -> Bool {
        waiting.withLock { waiting in
            guard waiting[key] != nil else {
                waiting[key] = []
                return true
            }
            waiting[key]?.append(record)
            return false
        }
    }

    /// The record to work on next in a lane; nil frees the lane.
    func next(key: [UInt8]) -> Record? {
        waiting.withLock { waiting in
            guard let records = waiting[key], !records.isEmpty else {
                waiting[key] = nil
                return nil
            }
            return waiting[key]?.removeFirst()
        }
    }
}

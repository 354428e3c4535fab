/// How far the work on an assigned partition is, at one moment.
package struct PartitionStatus: Sendable {
    package var topic: String
    package var partition: Int32
    /// Records that were handed out and are neither done nor given up.
    package var inFlight: Int
    /// Records from the lowest one that is not done to the last one handed out.
    package var incomplete: Int
    /// Records that wait to be handed out.
    package var buffered: Int
    /// The offset that may be committed: the lowest one that is not done. Nil before the first record.
    package var position: Int64?
    /// The offset that was committed last, or is on its way; nil before the first commit.
    package var committed: Int64?
    /// Whether reading stopped until the buffer has room.
    package var isPaused: Bool
    /// The offset that the partition's next record will have, as far as the brokers told; nil before they did.
    package var end: Int64?

    /// How many offsets are not done; nil when it is not known.
    package var lag: Int64? {
        guard let end else { return nil }
        // Nothing was handed out: what there is has been read before, or waits in the buffer.
        guard let position else { return buffered == 0 ? 0 : Int64(buffered) }
        return max(0, end - position)
    }
}

extension PartitionStream {
    /// How far the work is.
    package var status: PartitionStatus {
        var status = snapshot
        status.end = owner.end(of: self)
        return status
    }
}

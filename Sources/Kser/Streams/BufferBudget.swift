import Synchronization

/// How much a partition buffers before its owner stops reading it, and when it goes on.
package struct BufferLimits: Sendable {
    package var highRecords: Int
    package var lowRecords: Int
    package var highBytes: Int
    package var lowBytes: Int

    /// Stops above the high marks and goes on at half of them.
    package init(records: Int, bytes: Int) {
        highRecords = records
        lowRecords = records / 2
        highBytes = bytes
        lowBytes = bytes / 2
    }

    func areExceeded(records: Int, bytes: Int) -> Bool { records >= highRecords || bytes >= highBytes }
    func allowMore(records: Int, bytes: Int) -> Bool { records <= lowRecords && bytes <= lowBytes }

    /// The lower of two limits, mark by mark.
    func capped(by other: BufferLimits) -> BufferLimits {
        var limits = self
        limits.highRecords = min(highRecords, other.highRecords)
        limits.lowRecords = min(lowRecords, other.lowRecords)
        limits.highBytes = min(highBytes, other.highBytes)
        limits.lowBytes = min(lowBytes, other.lowBytes)
        return limits
    }
}

/// What all partitions of a consumer buffer together. While it is not used up each may fill its own limits, so that a
/// backlog in one of them has it all; after that none is fed above an equal share, however many they are.
package final class BufferBudget: Sendable {
    private let maxRecords: Int
    private let maxBytes: Int
    private let records = Atomic(0)
    private let bytes = Atomic(0)
    private let partitions = Atomic(0)

    /// A budget; without numbers it has no end.
    package init(records: Int = .max, bytes: Int = .max) {
        maxRecords = records
        maxBytes = bytes
    }

    /// A partition begins or ends to share.
    func join() { partitions.add(1, ordering: .relaxed) }
    func leave() { partitions.subtract(1, ordering: .relaxed) }

    /// Takes room, or gives it back where the amounts are negative.
    func take(records: Int, bytes: Int) {
        self.records.add(records, ordering: .relaxed)
        self.bytes.add(bytes, ordering: .relaxed)
    }

    /// A partition's limits as they are at this moment.
    func limits(_ own: BufferLimits) -> BufferLimits {
        if records.load(ordering: .relaxed) < maxRecords, bytes.load(ordering: .relaxed) < maxBytes { return own }
        let sharers = max(1, partitions.load(ordering: .relaxed))
        return own.capped(by: BufferLimits(records: max(1, maxRecords / sharers), bytes: max(1, maxBytes / sharers)))
    }
}

/// The records of a partition between their start and their transaction, in order. A pure value.
///
/// A record can be committed only together with all before it, since an offset stands for all before it: what comes of
/// a record stays here while an earlier one is in work.
struct TransactionBacklog: Sendable {
    /// A record and what comes of it.
    struct Entry: Sendable {
        let record: Record
        /// What is to be sent for it; nil while it is in work.
        var settlement: Settlement?
    }

    private var entries = Queue<Entry>()
    /// The first offset that nobody works on any more: nothing from there on can be committed.
    private var end = Int64.max
    /// How many of the first records wait for their transaction.
    private(set) var ready = 0

    var isEmpty: Bool { entries.isEmpty }

    /// Notes that a record is in work; records come in the order of their offsets.
    ///
    /// - Returns: false when it cannot be committed, and is not kept.
    mutating func begin(_ record: Record) -> Bool {
        if record.offset >= end { return false }
        entries.append(Entry(record: record))
        return true
    }

    /// Notes what comes of a record.
    ///
    /// - Returns: false when it cannot be committed any more.
    mutating func settle(_ settlement: Settlement) -> Bool {
        guard let index = index(of: settlement.record.offset), entries[index].settlement == nil else { return false }
        entries[index].settlement = settlement
        while ready < entries.count, entries[ready].settlement != nil { ready += 1 }
        return true
    }

    /// Notes that nobody works any more on the record of this offset.
    ///
    /// - Returns: the records that can be committed no more, which are no longer kept.
    mutating func giveUp(from offset: Int64) -> [Entry] {
        end = min(end, offset)
        var lost: [Entry] = []
        while let last = entries.last, last.record.offset >= offset {
            lost.append(last)
            _ = entries.popLast()
        }
        ready = min(ready, entries.count)
        return lost.reversed()
    }

    /// Takes the first records that wait, this many at most.
    mutating func take(_ count: Int) -> [Entry] {
        let taken = (0..<min(count, ready)).compactMap { _ in entries.popFirst() }
        ready -= taken.count
        return taken
    }

    /// Puts back what was taken last.
    mutating func putBack(_ taken: [Entry]) {
        entries.prepend(contentsOf: taken)
        ready += taken.count
    }

    private func index(of offset: Int64) -> Int? {
        var low = 0
        var high = entries.count - 1
        while low <= high {
            let middle = (low + high) / 2
            let found = entries[middle].record.offset
            if found == offset { return middle }
            if found < offset { low = middle + 1 } else { high = middle - 1 }
        }
        return nil
    }
}

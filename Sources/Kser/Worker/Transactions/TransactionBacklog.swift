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

    private var entries: [Entry] = []
    private var head = 0
    /// The first offset that nobody works on any more: nothing from there on can be committed.
    private var end = Int64.max
    /// How many of the first records wait for their transaction.
    private(set) var ready = 0

    var isEmpty: Bool { head == entries.count }

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
        while head + ready < entries.count, entries[head + ready].settlement != nil { ready += 1 }
        return true
    }

    /// Notes that nobody works any more on the record of this offset.
    ///
    /// - Returns: the records that can be committed no more, which are no longer kept.
    mutating func giveUp(from offset: Int64) -> [Entry] {
        end = min(end, offset)
        let first = entries[head...].firstIndex { $0.record.offset >= offset } ?? entries.count
        let lost = Array(entries[first...])
        entries.removeSubrange(first...)
        ready = min(ready, entries.count - head)
        return lost
    }

    /// Takes the first records that wait, this many at most.
    mutating func take(_ count: Int) -> [Entry] {
        let count = min(count, ready)
        let taken = Array(entries[head..<(head + count)])
        head += count
        ready -= count
        // What is taken is let go of now and then, so that each record is moved about once.
        if head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
        return taken
    }

    /// Puts back what was taken last.
    mutating func putBack(_ taken: [Entry]) {
        entries.replaceSubrange(..<head, with: taken)
        head = 0
        ready += taken.count
    }

    private func index(of offset: Int64) -> Int? {
        var low = head
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

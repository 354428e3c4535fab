/// Which offsets of one assigned partition are in work and which are done, and so what may be committed.
///
/// Work may finish in any order and offsets may have gaps (compaction, transaction markers). A pure value: a partition
/// that is assigned anew starts with a new ledger, so completions of an older assignment cannot reach it.
package struct OffsetLedger: Sendable {
    /// Offsets in the order they began, in a ring; a done one is stored as its complement, which is negative.
    private var ring: [Int64] = Array(repeating: 0, count: 64)
    private var head = 0
    private var count = 0
    private var next: Int64?
    private var undone = 0
    private var abandoned: Set<Int64> = []
    /// From which offsets on work began at which time; the first one holds for the lowest offset that is not done.
    private var starts = Queue<(offset: Int64, time: ContinuousClock.Instant)>()

    /// Offsets that began, are not done and were not given up.
    package var inFlight: Int { undone - abandoned.count }

    package init() {}

    /// Offsets that are done but wait for an earlier one.
    package var doneAboveGap: Int { count - undone }

    /// Offsets that are not done or wait for an earlier one.
    package var incomplete: Int { count }

    /// When the work for the lowest offset that is not done began; nil when there is none.
    package var oldestStart: ContinuousClock.Instant? {
        count > 0 ? starts.first?.time : nil
    }

    /// The offset to commit: the lowest one that is not done, or the one after the last. Nil before any began.
    package var committable: Int64? { count > 0 ? self[0] : next }

    /// Notes the time for the offsets that begin from this one on. It is told once for each batch, not for each offset.
    package mutating func start(from offset: Int64, at time: ContinuousClock.Instant) {
        starts.append((offset, time))
    }

    /// Notes that the work for an offset began.
    ///
    /// - Returns: false when the offset is not above all that began before; it is then ignored.
    @discardableResult
    package mutating func begin(_ offset: Int64) -> Bool {
        if let next, offset < next { return false }
        if count == ring.count { grow() }
        ring[(head + count) & (ring.count - 1)] = offset
        count += 1
        undone += 1
        next = offset.addingSaturating(1)
        return true
    }

    /// Notes that no record stands between what began so far and an offset.
    package mutating func skip(to offset: Int64) { next = max(next ?? offset, offset) }

    /// What to commit with an offset in work and all before it: when it is the last one, no record stands before that.
    package func following(_ offset: Int64) -> Int64 {
        if count > 0, self[count - 1] == offset, let next { return next }
        return offset.addingSaturating(1)
    }

    /// Notes that the work for an offset is done.
    ///
    /// - Returns: false when the offset is not in work; nothing changes then.
    @discardableResult
    package mutating func complete(_ offset: Int64) -> Bool {
        guard let index = index(of: offset) else { return false }
        self[index] = ~offset
        undone -= 1
        if !abandoned.isEmpty { abandoned.remove(offset) }
        while count > 0, self[0] < 0 {
            head = (head + 1) & (ring.count - 1)
            count -= 1
        }
        forgetStarts()
        return true
    }

    /// Forgets the times of what is done.
    private mutating func forgetStarts() {
        while !starts.isEmpty, count == 0 || starts.count > 1 && starts[1].offset <= self[0] { _ = starts.popFirst() }
    }

    /// Notes that nobody works on an offset any more though it is not done: it holds the commit back for good, unless
    /// it is completed after all.
    ///
    /// - Returns: false when the offset is not in work; nothing changes then.
    @discardableResult
    package mutating func abandon(_ offset: Int64) -> Bool {
        guard index(of: offset) != nil else { return false }
        return abandoned.insert(offset).inserted
    }

    /// Whether an offset began, is not done and was not given up.
    package func isInWork(_ offset: Int64) -> Bool { index(of: offset) != nil && !abandoned.contains(offset) }

    /// How many offsets below one in work are not done, or wait for an earlier one.
    package func distance(of offset: Int64) -> Int { index(of: offset) ?? 0 }

    /// Forgets the offset and every later one: they were never handed out.
    package mutating func withdraw(from offset: Int64) {
        while count > 0, self[count - 1] >= offset {
            count -= 1
            undone -= 1
            next = self[count]
        }
        while let last = starts.last, last.offset >= offset { _ = starts.popLast() }
        if count == 0 { forgetStarts() }
    }

    private subscript(index: Int) -> Int64 {
        get { ring[(head + index) & (ring.count - 1)] }
        set { ring[(head + index) & (ring.count - 1)] = newValue }
    }

    /// Where an offset in work stands: without gaps at its distance from the first, with gaps somewhere before.
    private func index(of offset: Int64) -> Int? {
        guard count > 0, offset >= self[0] else { return nil }
        var high = Int(min(offset - self[0], Int64(count - 1)))
        if self[high] == offset { return high }
        var low = 0
        while low <= high {
            let middle = (low + high) / 2
            let stored = self[middle]
            let found = stored < 0 ? ~stored : stored
            if found == offset { return stored < 0 ? nil : middle }
            if found < offset { low = middle + 1 } else { high = middle - 1 }
        }
        return nil
    }

    private mutating func grow() {
        var larger = [Int64](repeating: 0, count: ring.count * 2)
        for index in 0..<count { larger[index] = self[index] }
        ring = larger
        head = 0
    }
}

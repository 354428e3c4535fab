import Synchronization

// Which records may begin, and who waits for that.
extension PartitionStream {
    /// A record that waits until few enough before it are not done.
    struct Approach: Sendable {
        let offset: Int64
        let distance: Int
        let promise: Promise<Void>
    }

    /// Notes that the handler of a record is about to begin, unless the record is for the partition's next owner.
    ///
    /// Above a record that was given up nothing begins: it would run again behind that one, and have overtaken it. At the end
    /// of the stream, records behind those that have begun wait for their next owner. One between them is run, as long as the
    /// drain deadline lets it: it would hold the commit back, and the later ones that are done would be delivered again.
    func mayBegin(_ record: Record) -> Bool {
        state.withLock { state in
            if isReleased || record.offset > state.givenUp { return false }
            if record.offset < state.highest { return true }
            // Asked for under the lock: once the end held one record back, it holds back all behind it.
            if isEnded { return false }
            state.highest = record.offset
            return true
        }
    }

    /// Whether a record may begin even after the end of the stream.
    func isAmongBegun(_ offset: Int64) -> Bool {
        state.withLock { offset < $0.highest && offset < $0.givenUp } && !isReleased
    }

    /// Waits until fewer records than this before a record are not done or wait for an earlier one. The end of the stream
    /// and the cancellation of the task end the wait. For one task at a time.
    func approach(_ record: Record, within distance: Int) async {
        let waiter = state.withLock { state -> Promise<Void>? in
            if isEnded || state.ledger.distance(of: record.offset) < distance { return nil }
            let promise = Promise<Void>()
            state.approach = Approach(offset: record.offset, distance: distance, promise: promise)
            return promise
        }
        if let waiter { try? await waiter.value() }
    }

    /// Whether a record is the lowest one that is not done, and the next one to begin is too far above it.
    func isHeldBack(by record: Record) -> Bool {
        state.withLock { $0.approach != nil && $0.ledger.committable == record.offset }
    }

    /// Whether somebody works on an offset.
    func isInWork(_ offset: Int64) -> Bool { state.withLock { $0.ledger.isInWork(offset) } }

    /// Waits until nobody works on an offset any more, after the end of the stream too. The end of the other stream and the
    /// cancellation of the task end the wait.
    func ended(_ offset: Int64, or other: PartitionStream) async {
        let waiter = state.withLock { state -> Promise<Void>? in
            if !state.ledger.isInWork(offset) { return nil }
            let promise = Promise<Void>()
            state.ends[offset, default: []].append(promise)
            return promise
        }
        guard let waiter else { return }
        let watch = other.onEnd { waiter.keep() }
        defer { other.forget(watch) }
        try? await waiter.value()
    }
}

extension PartitionStream.State {
    /// Takes out who waits for the end of the work on what was taken back, from an offset on.
    mutating func takeWaiters(from offset: Int64) -> [Promise<Void>] {
        let waiters = ends.filter { $0.key >= offset }
        for key in waiters.keys { ends[key] = nil }
        return waiters.values.flatMap(\.self)
    }

    /// Takes out who waits for what the end of the work on an offset brings.
    mutating func takeWaiters(for offset: Int64) -> [Promise<Void>] {
        var waiters = ends.isEmpty ? [] : ends.removeValue(forKey: offset) ?? []
        if let approach, ledger.distance(of: approach.offset) < approach.distance {
            waiters.append(approach.promise)
            self.approach = nil
        }
        return waiters
    }
}

import Synchronization

/// The records of a partition whose handlers run, for people who wait for them.
final class RecordsInWork: Sendable {
    struct Entry: Sendable {
        let record: Record
        let start: ContinuousClock.Instant
    }

    private struct State {
        var places: [Entry?] = []
        var free: [Int] = []
    }

    private let state = Mutex(State())

    /// Those in work now.
    var entries: [Entry] { state.withLock { $0.places.compactMap(\.self) } }

    /// Notes that the handler of a record begins.
    ///
    /// - Returns: what ``end(_:)`` takes.
    // Not inlined, as the next one is: in its caller it would have its room while the handler runs.
    @inline(never)
    func begin(_ record: Record, at start: ContinuousClock.Instant) -> Int {
        let entry = Entry(record: record, start: start)
        return state.withLock { state in
            guard let place = state.free.popLast() else {
                state.places.append(entry)
                return state.places.count - 1
            }
            state.places[place] = entry
            return place
        }
    }

    /// Notes that the handler has ended.
    @inline(never)
    func end(_ place: Int) {
        let entry = state.withLock { state in
            state.free.append(place)
            return state.places[place].take()
        }
        // The record is let go of here, not under the lock.
        _ = entry
    }
}

/// Values by key that are forgotten with age, and the oldest when there are too many. A pure value.
struct RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var time: Duration
        var turn: Int
    }

    private let capacity: Int
    private let lifetime: Duration
    private var entries: [Key: Entry] = [:]
    /// The keys in the order they came; one that came again is in it twice, and the later one counts.
    private var order = Queue<(key: Key, time: Duration, turn: Int)>()
    private var turn = 0

    /// - Parameters:
    ///   - capacity: how many values are kept at most.
    ///   - lifetime: how long a value is kept.
    init(capacity: Int, lifetime: Duration) {
        self.capacity = max(1, capacity)
        self.lifetime = lifetime
    }

    /// How many keys are kept.
    var count: Int { entries.count }

    /// Keeps a value; the times are those of one clock that never jumps.
    mutating func insert(_ value: Value, for key: Key, at time: Duration) {
        turn += 1
        entries[key] = Entry(value: value, time: time, turn: turn)
        order.append((key, time, turn))
        while let oldest = order.first, order.count > capacity || time - oldest.time >= lifetime {
            if entries[oldest.key]?.turn == oldest.turn { entries[oldest.key] = nil }
            _ = order.popFirst()
        }
    }

    /// The value of a key, unless it is too old.
    func value(for key: Key, at time: Duration) -> Value? {
        guard let entry = entries[key], time - entry.time < lifetime else { return nil }
        return entry.value
    }
}

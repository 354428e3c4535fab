import Synchronization

/// Keeps what was made for a key, so that the hot path looks up once.
final class SeriesCache<Key: Hashable & Sendable, Series: Sendable>: Sendable {
    private let make: @Sendable (Key) -> Series
    private let made = Mutex<[Key: Series]>([:])

    init(_ make: @escaping @Sendable (Key) -> Series) { self.make = make }

    subscript(key: Key) -> Series {
        made.withLock { made in
            if let series = made[key] { return series }
            let series = make(key)
            made[key] = series
            return series
        }
    }
}

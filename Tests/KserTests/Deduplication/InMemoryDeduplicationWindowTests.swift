import Synchronization
import Testing

@testable import Kser

@Suite struct InMemoryDeduplicationWindowTests {
    @Test func ofALongUUIDItKeepsAHash() {
        let window = InMemoryDeduplicationWindow()
        let (short, long) = (
            DeduplicationKey(uuid: "u"), DeduplicationKey(uuid: String(repeating: "u", count: 400_000))
        )
        for key in [short, long] { window.insert(key) }
        #expect(window.contains(short) && window.contains(long))
        #expect(!window.contains(DeduplicationKey(uuid: long.uuid + "u")))
        let kept = window.keys.withLock { keys in
            [short, long].map { keys.value(for: $0, at: .zero) != nil }
        }
        #expect(kept == [true, false])
    }
}

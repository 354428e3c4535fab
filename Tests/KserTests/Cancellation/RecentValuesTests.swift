import Testing

@testable import Kser

@Suite struct RecentValuesTests {
    @Test func keepsTheLastOnes() {
        var values = RecentValues<Int, String>(capacity: 3, lifetime: .seconds(10))
        for key in 0..<5 { values.insert("v\(key)", for: key, at: 0) }
        #expect((0..<5).map { values.value(for: $0, at: 0) } == [nil, nil, "v2", "v3", "v4"])
        #expect(values.count == 3)
    }

    @Test func forgetsWithAge() {
        var values = RecentValues<Int, String>(capacity: 3, lifetime: .seconds(10))
        values.insert("a", for: 1, at: 1_000)
        values.insert("b", for: 2, at: 5_000)
        #expect(values.value(for: 1, at: 10_999) == "a")
        #expect(values.value(for: 1, at: 11_000) == nil)
        values.insert("c", for: 3, at: 12_000)
        #expect(values.count == 2)
    }

    @Test func whatComesAgainIsKeptFromThenOn() {
        var values = RecentValues<Int, String>(capacity: 2, lifetime: .seconds(10))
        values.insert("a", for: 1, at: 0)
        values.insert("b", for: 1, at: 9_000)
        values.insert("c", for: 2, at: 9_000)
        #expect(values.value(for: 1, at: 18_999) == "b")
        #expect(values.value(for: 1, at: 19_000) == nil)
    }

    @Test func staysWithinItsCapacityForEver() {
        var values = RecentValues<Int, Int>(capacity: 100, lifetime: .seconds(10))
        var random = SplitMix(seed: 7)
        for turn in 0..<20_000 {
            values.insert(turn, for: Int.random(in: 0..<300, using: &random), at: Int64(turn / 100))
            if values.count > 100 { #expect(values.count <= 100) }
        }
        #expect(values.count > 50)
    }
}

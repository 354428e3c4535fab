import Testing

@testable import Kser

@Suite struct RecentValuesTests {
    @Test func keepsTheLastOnes() {
        var values = RecentValues<Int, String>(capacity: 3, lifetime: .seconds(10))
        for key in 0..<5 { values.insert("v\(key)", for: key, at: .milliseconds(0)) }
        #expect((0..<5).map { values.value(for: $0, at: .milliseconds(0)) } == [nil, nil, "v2", "v3", "v4"])
        #expect(values.count == 3)
    }

    @Test func forgetsWithAge() {
        var values = RecentValues<Int, String>(capacity: 3, lifetime: .seconds(10))
        values.insert("a", for: 1, at: .milliseconds(1_000))
        values.insert("b", for: 2, at: .milliseconds(5_000))
        #expect(values.value(for: 1, at: .milliseconds(10_999)) == "a")
        #expect(values.value(for: 1, at: .milliseconds(11_000)) == nil)
        values.insert("c", for: 3, at: .milliseconds(12_000))
        #expect(values.count == 2)
    }

    @Test func whatComesAgainIsKeptFromThenOn() {
        var values = RecentValues<Int, String>(capacity: 2, lifetime: .seconds(10))
        values.insert("a", for: 1, at: .milliseconds(0))
        values.insert("b", for: 1, at: .milliseconds(9_000))
        values.insert("c", for: 2, at: .milliseconds(9_000))
        #expect(values.value(for: 1, at: .milliseconds(18_999)) == "b")
        #expect(values.value(for: 1, at: .milliseconds(19_000)) == nil)
    }

    @Test func staysWithinItsCapacityForEver() {
        var values = RecentValues<Int, Int>(capacity: 100, lifetime: .seconds(10))
        var random = SplitMix(seed: 7)
        for turn in 0..<20_000 {
            values.insert(turn, for: Int.random(in: 0..<300, using: &random), at: .milliseconds(turn / 100))
            if values.count > 100 { #expect(values.count <= 100) }
        }
        #expect(values.count > 50)
    }

    @Test func timesAtTheEndsOfWhatCanBeSaidTrapNothing() {
        let times: [Duration] = [.milliseconds(Int64.min), .zero, .milliseconds(Int64.max)]
        for lifetime in [.zero, .seconds(10), .seconds(Int64.max)] as [Duration] {
            var values = RecentValues<Int, String>(capacity: 3, lifetime: lifetime)
            for (key, time) in times.enumerated() {
                values.insert("v", for: key, at: time)
                for now in times { _ = values.value(for: key, at: now) }
            }
            #expect(values.count <= 3)
        }
    }
}

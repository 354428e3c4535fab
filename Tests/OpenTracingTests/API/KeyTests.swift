import OpenTracing
import Testing

/// Keys that differ in their bytes alone: Swift's `String` takes them for one.
@Suite struct KeyTests {
    private let composed = "cl\u{e9}"
    private let decomposed = "cle\u{301}"

    @Test func dictionaries() {
        var items: TextDictionary<Int> = [composed: 1, decomposed: 2, composed: 3]
        #expect(items.count == 2 && items[composed] == 3 && items[decomposed] == 2)
        items[decomposed] = nil
        #expect(items == [composed: 3] && items != [decomposed: 3] && items[decomposed] == nil)
        items[decomposed, default: 5] += 1
        #expect(items.merging([composed: 7]) { $0 + $1 } == [decomposed: 6, composed: 10])
        #expect(Set([items, [decomposed: 6, composed: 3]]).count == 1)
        #expect(items.map(\.value).sorted() == [3, 6] && items.compactMapValues { $0 > 3 ? $0 : nil }.count == 1)
    }

    @Test func maps() {
        var map: TextMap = [composed: "1", "a": "2", decomposed: "3", composed: "4"]
        #expect(map[composed] == "1" && map[decomposed] == "3")
        map[composed] = "5"
        #expect(
            map == [composed: "5", "a": "2", decomposed: "3"] && map != [decomposed: "5", "a": "2", composed: "3"]
        )
        map[decomposed] = nil
        #expect(map == [composed: "5", "a": "2"])
    }

    /// As many keys as a message of a megabyte has room for.
    @Test func mapsWithManyKeys() {
        var map: TextMap = ["k7": "old", "a": "1", "k7": "older", "k8": "old"]
        map.set((0..<30_000).map { ("k\($0)", "\($0)") } + [("k7", "seven")])
        #expect(map.entries.count == 30_001 && map.entries[0] == ("k7", "seven") && map["a"] == "1")
        #expect(
            map.entries[2] == ("k8", "8") && map.entries[3] == ("k0", "0") && map.entries[30_000] == ("k29999", "29999")
        )
    }

    @Test func fields() {
        var fields: Fields = [composed: 1]
        fields[decomposed] = 2
        #expect(fields.keys.count == 2 && fields[composed] == 1 && fields[decomposed] == 2)
        fields[composed] = nil
        #expect(fields.count == 1 && fields[decomposed] == 2)
    }
}

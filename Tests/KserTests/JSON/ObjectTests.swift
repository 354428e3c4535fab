import Kser
import Testing

/// Each test runs on entries of its own and on an undecoded object: there must be no difference.
@Suite("Objects, decoded or not", .serialized)
struct ObjectTests {
    private static let texts = [
        #"{}"#, #"{"a": 1}"#, #"{"b": 1, "a": {"x": [1]}, "c": null}"#,
        "{\"\u{212B}\": 1, \"\u{C5}\": 2, \"A\u{30A}\": 3, \"\": 4}",
        "{" + (0..<50).map { #""k\#($0)": \#($0)"# }.joined(separator: ", ") + "}",
    ]

    private func both(_ text: String) throws -> [JSONObject] {
        let undecoded = try #require(try JSON(parsing: text).object)
        return [undecoded, JSONObject(undecoded.map { $0 })]
    }

    @Test(arguments: texts)
    func looksTheSame(_ text: String) throws {
        let pair = try both(text)
        let entries = pair[1].map { $0 }
        for object in pair {
            #expect(object == pair[1])
            #expect(object.hashValue == pair[1].hashValue)
            #expect(object.count == entries.count)
            #expect(object.isEmpty == entries.isEmpty)
            #expect(object.keys.map { Array($0.utf8) } == entries.map { Array($0.key.utf8) })
            for (key, value) in entries {
                #expect(object[key] == value)
                #expect(object.contains(key))
            }
            #expect(object["absent"] == nil)
            #expect(!object.contains("absent"))
            #expect(try JSON(parsing: object.description) == .object(object))
        }
    }

    @Test(arguments: texts)
    func changesTheSame(_ text: String) throws {
        var results: [String] = []
        for var object in try both(text) {
            let before = object
            object["new"] = 1
            object["a"] = "changed"
            object["k7"] = nil
            object["absent"] = nil
            object.merge(["new": 2, "b": [:]])
            #expect(object["new"] == 2)
            #expect(object["k7"] == nil)
            #expect(object["k49"] == before["k49"])
            #expect(object != before)
            #expect(before["new"] == nil)
            results.append(object.description)
        }
        #expect(results[0] == results[1])
    }

    @Test func orderDoesNotCount() throws {
        let left = try both(#"{"a": 1, "b": {"c": 2, "d": 3}}"#)
        let right = try both(#"{"b": {"d": 3, "c": 2}, "a": 1}"#)
        let other = try both(#"{"b": {"d": 3, "c": 2}, "a": 1.0}"#)
        for left in left {
            for right in right { #expect(left == right) }
            for other in other { #expect(left != other) }
        }
    }

    @Test func accessors() throws {
        let value = try JSON(
            parsing: #"{"s": "t", "i": 1, "d": 1.5, "b": true, "n": null, "l": [1, [2]], "u": 18446744073709551615}"#
        )
        #expect(value["s"]?.string == "t")
        #expect(value["i"]?.int == 1)
        #expect(value["i"]?.double == 1)
        #expect(value["d"]?.double == 1.5)
        #expect(value["d"]?.int == nil)
        #expect(value["b"]?.bool == true)
        #expect(value["n"]?.isNull == true)
        #expect(value["l"]?[1]?[0] == 2)
        #expect(value["l"]?[2] == nil)
        #expect(value["l"]?[-1] == nil)
        #expect(value["u"] == .unsigned(.max))
        #expect(value["u"]?.int == nil)
        #expect(value["x"] == nil)
        #expect(value[0] == nil)
    }

    @Test func hashesTellValuesApart() {
        // By the number of keys alone this takes minutes.
        let values = (0..<20_000).map { JSON.object(["n": .integer($0), "deep": ["m": [.integer(-$0)]]]) }
        #expect(Set(values + values).count == 20_000)
        #expect(Set([JSON.object(["a": 1, "b": 2]), ["b": 2, "a": 1]]).count == 1)
    }

    @Test func changeOfABigObjectIsNotQuadratic() {
        var object = JSONObject()
        for number in 0..<50_000 { object["k\(number)"] = .integer(Int64(number)) }
        for number in 0..<50_000 { object["k\(number)"] = .integer(Int64(-number)) }
        #expect(object.count == 50_000)
        #expect(object["k49999"] == -49_999)
    }
}

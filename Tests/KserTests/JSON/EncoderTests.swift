import Foundation
import Kser
import Testing

@Suite("Encoding as Foundation does")
struct EncoderTests {
    /// What Foundation's encoder writes, read back, against kser's tree. Floats that are integral are integers there.
    private func same<T: Encodable>(_ value: T) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let theirs = try JSON(parsing: Array(encoder.encode(value)))
        let ours = try JSON(encoding: value)
        #expect(ours.withIntegralFloatsAsIntegers == theirs.withIntegralFloatsAsIntegers)
        #expect(try JSON(parsing: ours.bytes()) == ours)
    }

    @Test func values() throws {
        try same(true)
        try same(UInt64.max)
        try same(Int64.min)
        try same([Int8.min, 0, 127])
        try same(Float(0.1))
        try same([0.1, 1e300, -0.0, .leastNonzeroMagnitude, 1.0])
        try same("h\u{e9}\u{1F3B2}\u{0}\"\\/")
        try same([nil, 1] as [Int?])
        try same(["a": 1, "b": 2])
        try same([1: "a"])
        try same([Colour.red: 1])
        try same(Date(timeIntervalSinceReferenceDate: 12.5))
        try same(Data([1, 2, 255]))
        try same(["url": URL(string: "http://a.b/c?d=e")])
        try same([Decimal(string: "1.25"), 3])
        try same(Point(x: 1, y: -2))
        try same([Shape.circle(radius: 2.5), .square(1, named: nil), .square(2, named: "n"), .empty])
        try same(Optionals(i: 1, l: [nil, 2], p: Point(x: 1, y: 2), d: 0.5, b: false))
        try same(Nested(name: "n", point: Point(x: 1, y: 2), points: [Point(x: 3, y: 4)], by: ["k": Point(x: 5, y: 6)]))
        try same(Builder())
        try same(Data())
        try same([Data()])
        try same([
            "s": Special(
                date: .init(timeIntervalSinceReferenceDate: 0),
                data: Data([0]),
                url: URL(filePath: "/a"),
                decimal: 7
            )
        ])
    }

    @Test func jsonInsideATypeIsKept() throws {
        struct Carrier: Codable, Equatable { var payload: JSON; var object: JSONObject }
        let carrier = Carrier(
            payload: [1, 1.0, .bigInteger("123456789012345678901234567890")],
            object: ["z": nil, "a": [:]]
        )
        let tree = try JSON(encoding: carrier)
        #expect(
            tree.description
                == #"{"payload": [1, 1.0, 123456789012345678901234567890], "object": {"z": null, "a": {}}}"#
        )
        let small = Carrier(payload: [1, 1.5, .unsigned(.max), "t", nil, true], object: ["z": nil, "a": [:]])
        #expect(try JSON(encoding: small).decode(Carrier.self) == small)
        #expect(try JSONDecoder().decode(Carrier.self, from: JSONEncoder().encode(small)) == small)
    }

    @Test("Not numbers of JSON", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(_ number: Double) throws {
        let error = try #require(throws: EncodingError.self) { try JSON(encoding: ["a": [1, number]]) }
        guard case .invalidValue(_, let context) = error else { return }
        #expect(context.codingPath.map(\.stringValue) == ["a", "Index 1"])
        #expect(throws: EncodingError.self) { try JSON(encoding: Float(number)) }
    }

    @Test func objectsOnly() throws {
        #expect(try JSONObject(encoding: Point(x: 1, y: 2)).keys == ["x", "y"])
        #expect(throws: EncodingError.self) { try JSONObject(encoding: [1]) }
        #expect(throws: EncodingError.self) { try JSON(encoding: Nothing()) }
    }
}

struct Nothing: Encodable { func encode(to encoder: any Encoder) throws {} }

/// Writes nested containers out of order.
struct Builder: Encodable {
    enum Key: CodingKey { case a, b, c, nothing }

    func encode(to encoder: any Encoder) throws {
        var root = encoder.container(keyedBy: Key.self)
        var b = root.nestedUnkeyedContainer(forKey: .b)
        try root.encode(1, forKey: .a)
        try b.encode("x")
        var inner = b.nestedContainer(keyedBy: Key.self)
        try b.encodeNil()
        try inner.encode(2, forKey: .c)
        var list = b.nestedUnkeyedContainer()
        try list.encode(contentsOf: [1, 2])
        try Point(x: 1, y: 2).encode(to: b.superEncoder())
        try Point(x: 3, y: 4).encode(to: root.superEncoder(forKey: .c))
        try Point(x: 5, y: 6).encode(to: root.superEncoder())
        try root.encode(Nothing(), forKey: .nothing)
        var again = encoder.container(keyedBy: Key.self)
        try again.encode(true, forKey: .a)
    }
}

extension JSON {
    var withIntegralFloatsAsIntegers: JSON {
        switch self {
        case .double(let number): Int64(exactly: number).map(JSON.integer) ?? self
        case .array(let elements): .array(elements.map(\.withIntegralFloatsAsIntegers))
        case .object(let object): .object(JSONObject(object.map { ($0.key, $0.value.withIntegralFloatsAsIntegers) }))
        default: self
        }
    }
}

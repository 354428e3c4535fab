import Foundation
import Kser
import Testing

/// Every type is decoded from every text, by Foundation's JSONDecoder and by kser: same values, same errors.
@Suite("Decoding as Foundation does")
struct DecoderDifferentialTests {
    /// Where kser differs on purpose: `-0` is the integer 0, and null is null for every type.
    private static let exceptions: Set<String> = ["Double: -0", "Float: -0", "Date: -0", "Bool: null"]

    @Test(arguments: Sample.types.map(\.name), Sample.texts)
    func same(_ type: String, _ text: String) throws {
        let type = try #require(Sample.types.first { $0.name == type })
        let (theirs, ours) = type.decode(text)
        guard !Self.exceptions.contains("\(type.name): \(text)") else {
            #expect(ours != theirs)
            return
        }
        switch (theirs, ours) {
        case _ where (type.name.hasPrefix("Dictionary") || type.name == "Wide") && !theirs.isValue:
            // Which of several faults is found first is a matter of hashing.
            #expect(!ours.isValue, "\(text) as \(type.name)")
        case (.corrupted(let theirs), .corrupted(let ours)):
            // Foundation stops at the container for numbers that do not fit.
            #expect(ours.starts(with: theirs), "\(text) as \(type.name)")
        default:
            #expect(ours == theirs, "\(text) as \(type.name)")
        }
    }

    @Test("A decoder that is kept stays where it was") func keptDecoders() throws {
        #expect(try JSON(parsing: #"[{"id":1},{"id":2},{"id":3}]"#).decode(Keeper.self).ids == [1, 2, 3])
    }

    @Test func lastDuplicateCounts() throws {
        #expect(try JSON(parsing: #"{"x":1,"y":2,"x":3}"#).decode(Point.self) == Point(x: 3, y: 2))
        let wide = (0..<40).map { #""k\#($0)":\#($0)"# }.joined(separator: ",")
        let object = try #require(try JSON(parsing: #"{"x":1,"y":2,\#(wide),"x":3}"#).object)
        #expect(try object.decode(Point.self) == Point(x: 3, y: 2))
        #expect(object["x"] == 3)
        #expect(object.count == 42)
        #expect(object.keys.first == "x")
        #expect(object.description.hasPrefix(#"{"x": 3, "y": 2, "k0": 0, "#))
    }

    @Test func userInfoReachesNestedTypes() throws {
        struct Inner: Decodable {
            let info: String?
            init(from decoder: any Decoder) throws {
                info = CodingUserInfoKey(rawValue: "k").flatMap { decoder.userInfo[$0] as? String }
            }
        }
        let key = try #require(CodingUserInfoKey(rawValue: "k"))
        let decoded = try JSON(parsing: #"{"a":[{}]}"#).decode([String: [Inner]].self, userInfo: [key: "v"])
        #expect(decoded["a"]?.first?.info == "v")
    }
}

/// How a decoding ended: a value's text, or an error's case, type and path.
enum Outcome: Equatable {
    case value(String)
    case error(String)
    case corrupted([String])

    var isValue: Bool {
        if case .value = self { true } else { false }
    }

    init<T>(_ decode: () throws -> T) {
        do {
            let value = try decode()
            var text = ""
            dump(value, to: &text)
            let isOrdered = !(value is any ExpressibleByDictionaryLiteral)
            self = .value(
                isOrdered
                    ? text
                    : text.replacing("▿", with: "").split(separator: "(2 elements)")
                        .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.sorted().joined(separator: "\n")
            )
        } catch let error as DecodingError {
            func path(_ context: DecodingError.Context) -> [String] {
                context.codingPath.map { "\($0.stringValue)/\($0.intValue.map(String.init) ?? "-")" }
            }
            switch error {
            case .keyNotFound(let key, let context): self = .error("no key \(key.stringValue) at \(path(context))")
            case .typeMismatch(let type, let context): self = .error("not \(type) at \(path(context))")
            case .valueNotFound(let type, let context): self = .error("null for \(type) at \(path(context))")
            case .dataCorrupted(let context): self = .corrupted(path(context))
            @unknown default: self = .error("other")
            }
        } catch { self = .error("\(error)") }
    }
}

struct Sample: Sendable {
    let name: String
    let decode: @Sendable (String) -> (theirs: Outcome, ours: Outcome)

    init<T: Decodable & SendableMetatype>(_ type: T.Type) {
        name = "\(type)"
        decode = { text in
            (
                Outcome { try JSONDecoder().decode(T.self, from: Data(text.utf8)) },
                Outcome { try JSON(parsing: text).decode(T.self) }
            )
        }
    }

    static let types: [Sample] = [
        Sample(Bool.self), Sample(String.self), Sample(Int.self), Sample(Int8.self), Sample(Int16.self),
        Sample(Int32.self), Sample(Int64.self), Sample(UInt.self), Sample(UInt8.self), Sample(UInt16.self),
        Sample(UInt32.self), Sample(UInt64.self), Sample(Double.self), Sample(Float.self), Sample(Decimal.self),
        Sample(Date.self), Sample(Data.self), Sample(URL.self), Sample(UUID.self), Sample(Int?.self),
        Sample([Int].self), Sample([String].self), Sample([Double].self), Sample([Int?].self), Sample([UInt8].self),
        Sample([[Int]].self), Sample([Point].self), Sample([Date].self), Sample([Bool].self),
        Sample([String: Int].self), Sample([String: Point].self), Sample([Int: String].self),
        Sample([Colour: Int].self),
        Sample(Point.self), Sample(Nested.self), Sample(Optionals.self), Sample(Shape.self), Sample(Colour.self),
        Sample(Dog.self), Sample(Flat.self), Sample(Pair.self), Sample(Special.self),
        Sample(Wide.self),
    ]

    static let texts: [String] = [
        "null", "true", "false", "0", "-0", "1", "-1", "127", "128", "255", "256", "-129", "65535", "65536",
        "2147483648", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "-9223372036854775808", "1.0", "1.5", "-0.0", "1e2", "1e-2", "1e18", "1e300", "3.4e38", "3.5e38", "0.1",
        "123456789.123", #""""#, #""a""#, #""red""#, #""1""#, #""aGk=""#, #""a=""#, #""http://a.b/c?d=e#f""#,
        #""E621E1F8-C36C-495A-93FC-0C247A3E6E5F""#, #""h\u00e9\ud83c\udfb2\n""#, "[]", "[1]", "[1,2,3]", "[1,null]",
        "[1.5]", #"["a","b"]"#, "[1,\"a\"]", "[[1],[2,3]]", "[[1],[\"a\"]]", "[true]", "{}", #"{"a":1}"#, #"{"1":"x"}"#,
        #"{"red":1,"blue":2}"#, #"{"x":1,"y":2}"#, #"{"x":1,"y":2.5}"#, #"{"x":1}"#, #"{"x":null,"y":2}"#,
        #"{"x":"1","y":2}"#, #"[{"x":1,"y":2},{"x":1}]"#, #"{"a":{"x":1,"y":2}}"#,
        #"{"name":"n","point":{"x":1,"y":2},"points":[{"x":3,"y":4}],"by":{"k":{"x":5,"y":6}}}"#,
        #"{"name":"n","point":{"x":1,"y":2},"points":[{"x":3,"y":4},{"x":"3","y":4}],"by":{}}"#,
        #"{"name":"n","point":{"x":1},"points":[],"by":{}}"#, #"{"name":"n","point":null,"points":[],"by":{}}"#,
        #"{"name":"n","point":{"x":1,"y":2},"points":[],"by":{"k":{"x":5}}}"#,
        #"{"i":null,"s":null}"#, #"{"i":1,"s":"t","l":[null,1],"p":{"x":1,"y":2}}"#, #"{"i":"1"}"#, #"{"l":[1.5]}"#,
        #"{"circle":{"radius":2}}"#, #"{"square":{"_0":2,"named":"n"}}"#, #"{"empty":{}}"#, #"{"circle":{}}"#,
        #"{"circle":{"radius":2},"empty":{}}"#, #"{"other":{}}"#,
        #"{"name":"Rex","super":{"legs":4}}"#, #"{"name":"Rex","super":{}}"#, #"{"name":"Rex"}"#,
        #"{"deep":{"deeper":{"x":1,"list":[1,"two",[3]]}}}"#, #"{"deep":{"deeper":{"x":1,"list":[1,"two"]}}}"#,
        #"{"deep":{"deeper":{"x":1,"list":{}}}}"#, #"{"deep":{}}"#, #"{"deep":[]}"#, #"{"deep":null}"#,
        #"[1,"two"]"#, #"["one","two"]"#, #"[1,"two",3]"#, #"[{"id":1},{"id":2},{"id":3}]"#, #"[{"id":1},{}]"#,
        #"{"date":1.5,"data":"aGk=","url":"a:b","decimal":1.25}"#, #"{"date":"x"}"#, #"{"date":1,"data":"?"}"#,
        #"{"date":1,"data":"","url":""}"#, #"{"date":1,"data":"","url":"a","decimal":"1"}"#,
        "{" + (0..<40).map { #""k\#($0)":\#($0)"# }.joined(separator: ",") + "}",
        "{" + (0..<40).map { #""k\#($0)":"\#($0)""# }.joined(separator: ",") + "}",
    ]
}

struct Point: Codable, Equatable { var x, y: Int }

struct Nested: Codable, Equatable {
    var name: String
    var point: Point
    var points: [Point]
    var by: [String: Point]
}

struct Optionals: Codable, Equatable {
    var i: Int?
    var s: String?
    var l: [Int?]?
    var p: Point?
    var d: Double?
    var b: Bool?
}

enum Shape: Codable, Equatable {
    case circle(radius: Double)
    case square(Int, named: String?)
    case empty
}

enum Colour: String, Codable, CodingKeyRepresentable { case red, blue }

class Animal: Decodable { let legs: Int }

final class Dog: Animal {
    let name: String

    enum CodingKeys: CodingKey { case name }

    required init(from decoder: any Decoder) throws {
        name = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .name)
        try super.init(from: decoder.container(keyedBy: CodingKeys.self).superDecoder())
    }
}

/// Reads nested containers of every kind.
struct Flat: Decodable {
    let x: Int
    let first: Int
    let second: String
    let inner: Int
    let isAtEnd: Bool

    enum Key: CodingKey { case deep, deeper, x, list }

    init(from decoder: any Decoder) throws {
        let root = try decoder.container(keyedBy: Key.self)
        let deeper = try root.nestedContainer(keyedBy: Key.self, forKey: .deep)
            .nestedContainer(keyedBy: Key.self, forKey: .deeper)
        x = try deeper.decode(Int.self, forKey: .x)
        var list = try deeper.nestedUnkeyedContainer(forKey: .list)
        first = try list.decode(Int.self)
        #expect((try? list.decode(Int.self)) == nil)
        second = try list.decode(String.self)
        var last = try list.nestedUnkeyedContainer()
        inner = try last.decode(Int.self)
        isAtEnd = list.isAtEnd && last.isAtEnd
    }
}

/// An unkeyed pair.
struct Pair: Decodable {
    let number: Int
    let text: String
    let index: Int

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        number = list.isAtEnd ? -1 : try list.decodeIfPresent(Int.self) ?? -2
        text = try list.decode(String.self)
        index = list.currentIndex
        while !list.isAtEnd { _ = try list.superDecoder().singleValueContainer().decode(Int.self) }
    }
}

/// Keeps its decoder, and asks it again when the others have been decoded.
struct Keeper: Decodable {
    struct Element: Decodable {
        let decoder: any Decoder
        init(from decoder: any Decoder) throws { self.decoder = decoder }
    }

    enum Key: CodingKey { case id }

    let ids: [Int]

    init(from decoder: any Decoder) throws {
        ids = try [Element](from: decoder).map {
            try $0.decoder.container(keyedBy: Key.self).decode(Int.self, forKey: .id)
        }
    }
}

struct Special: Codable, Equatable {
    var date: Date
    var data: Data
    var url: URL
    var decimal: Decimal
}

/// More fields than are scanned.
struct Wide: Decodable {
    let sum: Int
    let keys: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        keys = container.allKeys.map(\.stringValue).sorted()
        sum = try container.allKeys.reduce(0) { $0 + (try container.decode(Int.self, forKey: $1)) }
        #expect(!container.contains(AnyKey(stringValue: "absent")))
    }
}

struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

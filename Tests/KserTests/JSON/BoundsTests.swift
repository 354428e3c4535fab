import Kser
import Testing

@Suite("Whatever the bytes, an error or a value")
struct BoundsTests {
    private static let broken: [(String, [UInt8])] = [
        ("empty", []), ("zero", [0]), ("bom", [0xEF, 0xBB, 0xBF]),
        ("bom object", [0xEF, 0xBB, 0xBF] + Array("{}".utf8)),
        ("ff", [0xFF]), ("overlong", [0x22, 0xC0, 0xAF, 0x22]), ("surrogate", [0x22, 0xED, 0xA0, 0x80, 0x22]),
        ("cut scalar", [0x22, 0xF0, 0x9F, 0x8E, 0x22]), ("zero after", Array("{}".utf8) + [0]),
        ("deep", Array(repeating: UInt8(ascii: "["), count: 100_000)),
        (
            "deep and closed",
            Array(repeating: UInt8(ascii: "["), count: 100_000) + Array(repeating: UInt8(ascii: "]"), count: 100_000)
        ),
        ("deep objects", Array(String(repeating: #"{"a":"#, count: 100_000).utf8)),
        ("long digits", Array(repeating: UInt8(ascii: "9"), count: 4301)),
        (
            "long and broken",
            Array("[".utf8) + Array(repeating: UInt8(ascii: "1"), count: 1_000_000).map { $0 } + Array("x".utf8)
        ),
        ("no end", Array(#"{"a": "#.utf8)), ("half escape", Array(#""\u12"#.utf8)), ("backslash", Array(#""\"#.utf8)),
    ]

    @Test(arguments: broken)
    func refused(_ name: String, _ bytes: [UInt8]) throws {
        let error = try #require(throws: KserError.self) { try JSONMessageCodec().decode(bytes) }
        #expect(error.kind == .internal)
        #expect(error.message.contains("line 1 column"))
    }

    private static let places: [(String, String)] = [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        (" \n\t ", "Expecting value: line 2 column 3 (char 4)"),
        (#"{"uuid":"u"} x"#, "Extra data: line 1 column 14 (char 13)"),
        (#"{"é🎲" 1}"#, "Expecting ':' delimiter: line 1 column 7 (char 6)"),
        ("[1\n 2]", "Expecting ',' delimiter: line 2 column 2 (char 4)"),
        ("{'a':1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"),
    ]

    @Test(arguments: places)
    func reasons(_ text: String, _ reason: String) throws {
        let error = try #require(throws: KserError.self) { try JSON(parsing: text) }
        #expect(error.message == reason)
    }

    @Test func longestInteger() throws {
        let digits = String(repeating: "9", count: 4300)
        #expect(try JSON(parsing: digits) == .bigInteger(digits))
        #expect(try JSON(parsing: "[-\(digits)]").description == "[-\(digits)]")
    }

    @Test func bigIntegersDecodeAsFloats() throws {
        struct Params: Decodable { var big: Double; var small: Int }
        let object = try #require(try JSON(parsing: #"{"big": 1000000000000000000000000000000, "small": 1}"#).object)
        let params = try object.decode(Params.self)
        #expect(params.big == 1e30)
        #expect(params.small == 1)
        #expect(throws: DecodingError.self) { try object.decode([String: Int].self) }
    }

    @Test func hugePayload() throws {
        let start = Array(#"{"uuid":"u","entrypoint":"e","params":{"s":""#.utf8)
        let bytes = start + Array(repeating: UInt8(ascii: "x"), count: 100 << 20) + Array(#""}}"#.utf8)
        #expect(throws: KserError.self) { try JSONMessageCodec().decode(bytes) }
        let message = try JSONMessageCodec(maximumSize: .max).decode(bytes)
        #expect(message.params["s"]?.string?.utf8.count == 100 << 20)
    }

    @Test func documentsAreReadByManyTasks() async throws {
        let keys = (0..<100).map { #""k\#($0)":[\#($0)]"# }.joined(separator: ",")
        let shared = try #require(try JSON(parsing: "{\(keys)}").object)
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<64 {
                group.addTask {
                    for round in 0..<200 {
                        let key = "k\((task + round) % 100)"
                        guard shared[key]?[0]?.int == (task + round) % 100 else { return false }
                        let own = try? JSON(parsing: #"{"a": {"b": [\#(task), \#(round)]}}"#).decode(
                            [String: [String: [Int]]].self
                        )
                        guard own == ["a": ["b": [task, round]]] else { return false }
                    }
                    return true
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test func nestedObjectsOutliveTheirMessage() throws {
        func inner(_ number: Int) throws -> JSONObject? {
            try JSONMessageCodec().decode(
                Array(
                    #"{"uuid":"u","entrypoint":"e","params":{"a":{"n":\#(number),"t":"some text that is long"}}}"#.utf8
                )
            ).params["a"]?.object
        }
        let objects = try (0..<200).map(inner)
        for (number, object) in objects.enumerated() {
            #expect(object?["n"]?.int == number)
            #expect(object?["t"] == "some text that is long")
        }
    }
}

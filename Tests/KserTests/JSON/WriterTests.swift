import Kser
import Testing

@Suite("Writing as Python's json.dumps does")
struct WriterTests {
    /// Bits of floats, and what Python 3.11 makes of them.
    private static let floats: [(UInt64, String)] = [
        (0x4341c37937e08000, "1e+16"), (0x434550f7dca70000, "1.2e+16"), (0x4341c37937e07fff, "9999999999999998.0"),
        (0x430c6bf526340000, "1000000000000000.0"), (0x437b69b4ba630f35, "1.2345678901234568e+17"),
        (0x4350000000000000, "1.8014398509481984e+16"), (0x4350000000000000, "1.8014398509481984e+16"),
        (0xc34aa535d3d0c000, "-1.5e+16"), (0x3f1a36e2eb1c432d, "0.0001"), (0x3f1a36371ea531a8, "9.999e-05"),
        (0x3ee4f8b588e368f1, "1e-05"), (0x3e8421f5f40d8376, "1.5e-07"), (0x4480f0cf064dd592, "1e+22"),
        (0x44b52d02c7e14af6, "1e+23"), (0x0000000000000001, "5e-324"), (0x7fefffffffffffff, "1.7976931348623157e+308"),
        (0x3fb999999999999a, "0.1"), (0x3fd5555555555555, "0.3333333333333333"), (0x40f86a0000000000, "100000.0"),
        (0x8000000000000000, "-0.0"), (0x4340000000000000, "9007199254740992.0"),
        (0x43e0000000000000, "9.223372036854776e+18"), (0x54b249ad2594c37d, "1e+100"), (0x3c36b082c2148b8e, "1.23e-18"),
    ]

    @Test(arguments: floats)
    func float(_ bits: UInt64, _ text: String) throws {
        let value = JSON.double(Double(bitPattern: bits))
        #expect(value.description == text)
        #expect(try JSON(parsing: text) == value)
    }

    @Test("Escapes at every place of a word", arguments: 0..<20)
    func escapes(_ length: Int) throws {
        let plain = String(repeating: "x", count: length)
        let escapes: [(String, String)] = [
            ("\"", #"\""#), ("\\", #"\\"#), ("/", "/"), ("\n", #"\n"#), ("\r", #"\r"#), ("\t", #"\t"#),
            ("\u{8}", #"\b"#),
            ("\u{C}", #"\f"#), ("\0", #"\u0000"#), ("\u{1F}", #"\u001f"#), (" ", " "), ("~", "~"),
            ("\u{7F}", #"\u007f"#),
            ("\u{80}", #"\u0080"#), ("é", #"\u00e9"#), ("\u{2028}", #"\u2028"#), ("\u{FFFF}", #"\uffff"#),
            ("🎲", #"\ud83c\udfb2"#), ("\u{10FFFF}", #"\udbff\udfff"#),
        ]
        for (text, escaped) in escapes {
            let value = JSON.string(plain + text + plain)
            #expect(value.description == "\"\(plain)\(escaped)\(plain)\"")
            #expect(try JSON(parsing: value.bytes()) == value)
            let inside = try #require(try JSON(parsing: "{\(value): \(value)}").object)
            #expect(inside.description == "{\(value): \(value)}")
        }
    }

    @Test func layout() throws {
        let text = #"{"a": [1, -2, 1.0, true, false, null, {}, [], ""], "b": {"c": 18446744073709551615}, "": 0}"#
        let parsed = try JSON(parsing: text)
        #expect(parsed.description == text)
        var decoded = try #require(parsed.object)
        decoded["z"] = 1
        decoded["z"] = nil
        #expect(decoded.description == text)
    }

    @Test func duplicatesAreWrittenOnce() throws {
        #expect(
            try JSON(parsing: #"{"a": 1, "b": {"x": 1, "x": 2}, "a": 3}"#).description == #"{"a": 3, "b": {"x": 2}}"#
        )
    }

    @Test func depthIsBounded() throws {
        var value: JSON = 1
        for _ in 0..<JSON.maximumDepth { value = [value] }
        #expect(try JSON(parsing: value.bytes(), maximumDepth: JSON.maximumDepth) == value)
        let error = try #require(throws: KserError.self) { try JSON.array([value]).bytes() }
        #expect(error.message.contains("Nested deeper than 512 levels"))
        // An undecoded object counts where it is put.
        let object = try #require(try JSON(parsing: #"{"a": {"b": {}}}"#).object)
        var outer = JSON.object(object)
        for _ in 0..<(JSON.maximumDepth - 2) { outer = [outer] }
        #expect(throws: Never.self) { try outer.bytes() }
        #expect(throws: KserError.self) { try JSON.array([outer]).bytes() }
    }

    @Test("Only finite numbers", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(_ number: Double) throws {
        let error = try #require(throws: KserError.self) {
            try JSON.object(["a": ["b": [1, .double(number)]]]).bytes()
        }
        #expect(error.kind == .validation)
        #expect(error.extra.keys == ["a.b.1"])
    }
}

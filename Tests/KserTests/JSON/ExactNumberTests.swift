import Foundation
import Kser
import Testing

@Suite("Numbers keep their digits where the type wants them")
struct ExactNumberTests {
    private static let decimals = [
        "99999999999999.99", "12345678901234567.89", "0.1234567890123456789", "1180591620717411303424", "-0.1", "0.1",
        "1e-100", "1E5", "123456789012345678901234567890.12345678", "340282366920938463463374607431768211455", "-7",
        "0",
        "18446744073709551615", "1.000000000000000000000000000000000001",
    ]

    @Test(arguments: decimals)
    func decimalsBothWays(_ digits: String) throws {
        let exact = try #require(Decimal(string: digits, locale: nil))
        #expect(try JSON(parsing: digits).decode(Decimal.self) == exact)
        #expect(try JSON(parsing: #"{"s": "1.5e3\"-9", "a": [\#(digits)]}"#)["a"]?.decode([Decimal].self) == [exact])
        let encoded = try JSON(encoding: ["a": exact])
        let text = try String(decoding: encoded.bytes(), as: UTF8.self)
        #expect(try JSONDecoder().decode([String: Decimal].self, from: Data(text.utf8)) == ["a": exact], "\(text)")
        #expect(try encoded.decode([String: Decimal].self) == ["a": exact])
        #expect(try JSON(parsing: text).decode([String: Decimal].self) == ["a": exact])
    }

    @Test("A Decimal that a Double keeps is encoded as one") func shortDecimals() throws {
        #expect(try JSON(encoding: Decimal(string: "0.1")) == 0.1)
        #expect(try JSON(encoding: Decimal(string: "99999999999999.99")) == .bigInteger("99999999999999.99"))
        #expect(throws: EncodingError.self) { try JSON(encoding: Decimal.nan) }
    }

    @Test(
        arguments: [
            ("9007199254740993.0", 9_007_199_254_740_993), ("9.007199254740993e15", 9_007_199_254_740_993),
            ("9223372036854775807.00", .max), ("-9223372036854775808.0", .min), ("-0.0", 0), ("120e-1", 12),
            ("1e18", 1_000_000_000_000_000_000),
            ("0e999999999999999999999", 0), ("1.0000000000000000001", 1),
        ] as [(String, Int)]
    )
    func integers(_ text: String, _ expected: Int) throws {
        #expect(try JSON(parsing: text).decode(Int.self) == expected)
        #expect(try JSON(parsing: "[\(text), [1.5]]")[0]?.decode(Int.self) == expected)
        #expect(try JSON(parsing: "[\(text)]").decode([Int].self) == [expected])
    }

    @Test(
        arguments: [
            "-9223372036854775809", "9223372036854775808", "9223372036854775808.0", "9007199254740993.5", "1e39", "1.5",
            "4.9e-324",
        ]
    )
    func noIntegers(_ text: String) throws {
        let object = try JSONMessageCodec().decode(
            Array(#"{"uuid": "u", "entrypoint": "e", "other": 1e400, "params": {"a": 12, "b": [\#(text)]}}"#.utf8)
        ).params
        #expect(throws: DecodingError.self) { try object.decode(Params<Int>.self) }
    }

    @Test(
        "What is written of a double is one, however it is written",
        arguments: [
            "0.10000000000000001", "0.1000000000000000055511151231257827", "123456789012345680000.0",
            "0.30000000000000004",
            "1234567890123456800e2", "0.000000000000000000", "9007199254740992.0",
            "1.5000000000000000000000000000000000",
        ]
    )
    func doubles(_ text: String) throws {
        #expect(try JSON(parsing: text) == .double(#require(Double(text))))
    }

    private struct Params<Number: Decodable>: Decodable {
        var b: [Number]
    }

    @Test func wideIntegers() throws {
        struct Wide: Codable, Equatable {
            var signed: Int128
            var unsigned: UInt128
            var list: [Int128]
            var absent: UInt128?
        }
        let wide = Wide(signed: .min, unsigned: .max, list: [1, -1, 1 << 70], absent: nil)
        let text = try JSON(encoding: wide).description
        #expect(text.contains("[1, -1, 1180591620717411303424]"))
        #expect(try JSON(parsing: text).decode(Wide.self) == wide)
        #expect(try JSON(encoding: wide).decode(Wide.self) == wide)
        #expect(try JSON(parsing: "[340282366920938463463374607431768211455.0]").decode([UInt128].self) == [.max])
        #expect(throws: DecodingError.self) {
            try JSON(parsing: "340282366920938463463374607431768211456").decode(UInt128.self)
        }
        #expect(throws: DecodingError.self) { try JSON(parsing: "-1").decode(UInt128.self) }
    }

    @Test(
        "Floats are rounded once",
        arguments: [
            "1.00000017881393432617187499", "1.00000017881393432617187501", "1.000000178813934326171875", "16777217",
            "16777217.0",
            "18446743523953737728", "9223371761976868863.9",
            "3.4028235677973366e38", "3.4028235677973365e38",
            "0.1", "123456789012345678901234567890",
        ]
    )
    func floats(_ text: String) throws {
        let ours = Outcome { try JSON(parsing: "{\"a\": \(text)}").decode([String: Float].self)["a"] }
        #expect(ours == Outcome { try JSONDecoder().decode(Float?.self, from: Data(text.utf8)) })
        #expect(try JSON(parsing: text).decode(Double.self) == Double(text))
        #expect(
            try JSON(parsing: "[\(text), 123456789012345678901234567890]").decode([Double].self).first == Double(text)
        )
    }

    @Test("A number that nobody reads is no trouble") func unreadNumbers() throws {
        struct Small: Decodable { var a: Int }
        struct Big: Decodable { var b: Double }
        let digits = String(repeating: "9", count: 310)
        let object = try #require(try JSON(parsing: #"{"a": 1, "b": \#(digits), "c": {"d": [\#(digits)]}}"#).object)
        #expect(try object.decode(Small.self).a == 1)
        #expect(try JSON.object(JSONObject(object.map { $0 })).decode(Small.self).a == 1)
        #expect(throws: DecodingError.self) { try object.decode(Big.self) }
        #expect(object["b"] == .bigInteger(digits))
        #expect(object.description == #"{"a": 1, "b": \#(digits), "c": {"d": [\#(digits)]}}"#)
    }

    @Test(
        "Both ways in take the same floats",
        arguments: [
            (#"{"a":1e400,"a":1}"#, true), (#"{"a":1,"a":1e400}"#, false), (#"{"b":{"a":1e400},"b":{}}"#, true),
            (#"{"a":[1,-1e999,2]}"#, false), (#"{"a":1e-400}"#, true), (#"{"a":1e-99}"#, true),
        ]
    )
    func oversized(_ text: String, _ isTaken: Bool) throws {
        let message = Array(#"{"uuid":"u","entrypoint":"e","params":\#(text)}"#.utf8)
        let value = Result { try JSON(parsing: text) }
        let params = Result { try JSONMessageCodec().decode(message).params }
        #expect(((try? value.get()) != nil) == isTaken)
        #expect(((try? params.get()) != nil) == isTaken)
        guard !isTaken else { return #expect(try .object(params.get()) == value.get()) }
        for error in [value.error, params.error] {
            #expect(error?.kind == .validation)
            #expect(error?.extra.isEmpty == false)
        }
    }

    @Test("However many are too large, few are named", arguments: [false, true])
    func manyOversized(_ isDeep: Bool) throws {
        let key = String(repeating: "k", count: isDeep ? 500 : 1)
        let list = "[" + Array(repeating: "1e999", count: 16_000).joined(separator: ",") + "]"
        let text =
            isDeep
            ? String(repeating: #"{"\#(key)":[1e999,"#, count: 60) + "1e999" + String(repeating: "]}", count: 60)
            : #"{"\#(key)":\#(list)}"#
        let start = ContinuousClock.now
        for text in [text, #"{"uuid":"u","entrypoint":"e","params":\#(text)}"#] {
            let error = try #require(throws: KserError.self) { try JSON(parsing: text) }
            #expect(error.message.utf8.count < 12_000)
            #expect(error.extra.count == 8)
        }
        let message = #"{"uuid":"u","entrypoint":"e","params":\#(text)}"#
        let error = try #require(throws: KserError.self) { try JSONMessageCodec().decode(Array(message.utf8)) }
        #expect(error.extra.description.utf8.count < 20_000)
        // It takes minutes when it is quadratic and not optimized.
        #expect(start.duration(to: .now) < .seconds(20))
    }
}

extension Result where Failure == any Error {
    fileprivate var error: KserError? {
        if case .failure(let error) = self { error as? KserError } else { nil }
    }
}

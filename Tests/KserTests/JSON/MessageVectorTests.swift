import Kser
import Testing

@Suite("Messages as real kser reads and writes them")
struct MessageVectorTests {
    private let codec = JSONMessageCodec()

    @Test(arguments: try VectorCase.all("messages"))
    func message(_ vector: VectorCase) throws {
        let loads = vector.expect["loads"]?.object ?? [:]
        if let expected = loads["message"]?.object, vector.parity != "info" {
            let message = try codec.decode(vector.input)
            let dumps = vector.expect["dumps"]?.string ?? ""
            let text = String(decoding: try codec.encode(message), as: UTF8.self)
            #expect(text == dumps.replacing("<uuid:1>", with: message.result.uuid))
            #expect(!message.result.uuid.isEmpty)
            #expect(message.uuid == expected["uuid"]?.string)
            #expect(try codec.decode(Array(text.utf8)) == message)
        } else if let raises = loads["raises"]?["error"] {
            let error = try #require(throws: KserError.self) { try codec.decode(vector.input) }
            #expect(error.code == raises["code"]?.int)
            #expect(error.msgid == raises["msgid"]?.string)
            #expect(error.name == raises["name"]?.string)
            #expect(error.extra == raises["extra"]?.object)
            #expect(error.extra.keys == raises["extra"]?.object?.keys)
            if vector.parity == "must" { #expect(error.message == raises["message"]?.string) }
        }
    }

    @Test(
        "What Python reads or refuses for the record only still never crashes",
        arguments: [
            #"{"uuid":"u","entrypoint":"e","params":{"n":NaN}}"#,
            #"{"uuid":"u","entrypoint":"e","params":{"n":-Infinity}}"#,
            #"{"uuid":"u","entrypoint":"e","params":{"s":"\ud800x"}}"#,
            #"{"uuid":"u","entrypoint":"e","params":{"s":"\udc00x"}}"#,
            "",
        ]
    )
    func refused(_ text: String) {
        #expect { try codec.decode(Array(text.utf8)) } throws: { ($0 as? KserError)?.kind == .internal }
    }

    @Test func overflowingFloatsNameTheField() throws {
        let text = #"{"uuid":5,"entrypoint":"e","params":{"a":[1,1e400]},"metadata":{"b":-1e999},"other":1e400}"#
        let error = try #require(throws: KserError.self) { try codec.decode(Array(text.utf8)) }
        #expect(
            error.extra.description
                == #"{"uuid": ["Not a valid string."], "params": {"a": {"1": ["Number too large."]}}, "metadata": {"b": ["Number too large."]}}"#
        )
        #expect(error.msgid == "ERR-04413")
    }

    @Test(
        "retcode bounds",
        arguments: [
            ("9223372036854775807", 9_223_372_036_854_775_807), (#""-12""#, -12), (#""007""#, 7), ("-0.9", 0),
            ("1e2", 100),
        ]
    )
    func retcode(_ text: String, _ expected: Int) throws {
        #expect(try ExecutionResult(parsing: #"{"retcode": \#(text)}"#).retcode == expected)
    }

    @Test(
        "retcode out of bounds",
        arguments: [
            "9223372036854775808", "-9223372036854775809", "1e19", "1e999", #""99999999999999999999""#,
        ]
    )
    func retcodeTooLarge(_ text: String) throws {
        let message = #"{"uuid":"u","entrypoint":"e","result":{"retcode":\#(text)}}"#
        let error = try #require(throws: KserError.self) { try codec.decode(Array(message.utf8)) }
        #expect(error.extra == ["result": ["retcode": ["Number too large."]]])
    }

    @Test func writingRefusesNaNWithItsPlace() throws {
        let message = Message(entrypoint: "e", params: ["a": ["b": [1, .double(.nan)]]])
        let error = try #require(throws: KserError.self) { try codec.encode(message) }
        #expect(error.kind == .validation)
        #expect(error.message.contains("'params.a.b.1'"))
    }

    @Test func sharedBufferSpareRoomMakesNoDifference() throws {
        let text = Array(#"{"uuid":"u","entrypoint":"e","params":{"a":"12345678901234567890"}}"#.utf8)
        var roomy = text
        roomy.reserveCapacity(4096)
        #expect(try codec.decode(text) == codec.decode(roomy))
    }
}

@Suite("Results and errors as real kser reads them")
struct LoadVectorTests {
    @Test(arguments: try VectorCase.all("results").filter { $0.given["op"]?.string == "load" })
    func result(_ vector: VectorCase) throws {
        let input = vector.given["input"]?.string ?? ""
        if let dumps = vector.expect["dumps"]?.string {
            let result = try ExecutionResult(parsing: input)
            #expect(JSON.object(result.json).description == dumps.replacing("<uuid:1>", with: result.uuid))
        } else {
            let raises = try #require(vector.expect["raises"]?["error"])
            let error = try #require(throws: KserError.self) { try ExecutionResult(parsing: input) }
            #expect(error.msgid == raises["msgid"]?.string)
            #expect(error.extra == raises["extra"]?.object)
            if vector.parity == "must" { #expect(error.message == raises["message"]?.string) }
        }
    }

    @Test(arguments: try VectorCase.all("errors").filter { $0.given["op"]?.string == "load" })
    func error(_ vector: VectorCase) throws {
        let input = try #require(try JSON(parsing: vector.given["input"]?.string ?? "").object)
        if let loaded = vector.expect["loaded"]?.object {
            #expect(try KserError.fields(json: input) == loaded)
        } else {
            let raises = try #require(vector.expect["raises"]?["error"])
            let error = try #require(throws: KserError.self) { try KserError.fields(json: input) }
            #expect(error.message == raises["message"]?.string)
            #expect(error.extra == raises["extra"]?.object)
        }
    }
}

import Foundation
import Kser
import Testing

@Suite("Decoding errors in kser's words")
struct DecodingErrorTests {
    struct Mail: Decodable {
        var name: String
        var inner: Inner?
        var list: [Inner]?
        var when: Date?
        var colour: Colour?
    }
    struct Inner: Decodable { var count: Int8 }

    private static let cases: [(String, String, JSONObject)] = [
        (#"{}"#, "Missing parameter: name", [:]),
        (
            #"{"name": null}"#, "Invalid parameter 'name': expected text, found null",
            ["name": ["Field may not be null."]]
        ),
        (
            #"{"name": 5}"#, "Invalid parameter 'name': expected text, found an integer",
            ["name": ["Not a valid string."]]
        ),
        (
            #"{"name": "n", "inner": {}}"#, "Missing parameter: inner.count",
            ["inner.count": ["Missing data for required field."]]
        ),
        (
            #"{"name": "n", "inner": {"count": "s3cret"}}"#,
            "Invalid parameter 'inner.count': expected an integer (Int8), found text",
            ["inner.count": ["Not a valid integer."]]
        ),
        (
            #"{"name": "n", "list": [{"count": 1}, {"count": 300}]}"#,
            "Invalid parameter 'list.1.count': expected an integer (Int8), found a number out of range",
            ["list.1.count": ["Not a valid integer."]]
        ),
        (
            #"{"name": "n", "list": {}}"#, "Invalid parameter 'list': expected a list, found an object",
            ["list": ["Not a valid list."]]
        ),
        (
            #"{"name": "n", "inner": []}"#, "Invalid parameter 'inner': expected an object, found a list",
            ["inner": ["Not a valid mapping type."]]
        ),
        (
            #"{"name": "n", "when": "now"}"#, "Invalid parameter 'when': expected a number, found text",
            ["when": ["Not a valid number."]]
        ),
    ]

    @Test("However long and deep the keys, the error is short") func longKeys() throws {
        struct Chain: Decodable { var next: [String: Chain] }
        let key = String(repeating: "k", count: 10_000)
        let text = String(repeating: #"{"next":{"\#(key)":"#, count: 50) + "1" + String(repeating: "}}", count: 50)
        let object = try #require(try JSON(parsing: text).object)
        let error = try #require(throws: DecodingError.self) { try object.decode(Chain.self) }
        #expect(KserError(decoding: error).message.utf8.count < 2_000)
        #expect(KserError(decoding: error).extra.description.utf8.count < 2_000)
        var value: JSON = .double(.infinity)
        for _ in 0..<50 { value = [key: value] }
        let refusal = try #require(throws: KserError.self) { try value.bytes() }
        #expect(refusal.message.utf8.count < 2_000)
    }

    @Test(arguments: cases)
    func text(_ params: String, _ message: String, _ extra: JSONObject) throws {
        let object = try #require(try JSON(parsing: params).object)
        let error = try #require(throws: DecodingError.self) { try object.decode(Mail.self) }
        let kser = KserError(decoding: error)
        #expect(kser.message == message)
        #expect(kser.extra == extra)
        #expect(kser.kind == .validation)
        #expect(kser.code == 400)
    }

    @Test func ownWordsOfATypeAreKept() throws {
        let object = try #require(try JSON(parsing: #"{"name": "n", "colour": "green"}"#).object)
        let error = try #require(throws: DecodingError.self) { try object.decode(Mail.self) }
        let kser = KserError(decoding: error)
        #expect(kser.message.hasPrefix("Invalid parameter 'colour': Cannot initialize Colour"))
        #expect(kser.extra == ["colour": ["Invalid value."]])
    }
}

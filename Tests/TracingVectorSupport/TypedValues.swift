package import Kser
package import OpenTracing
import Testing

/// Reads the typed values of the vectors, `{"type", "value"}`.
package enum TypedValues {
    package static func value(_ json: JSON) throws -> FieldValue {
        let content = try #require(json["value"])
        switch json["type"]?.string {
        case "null": return .null
        case "string": return .string(try #require(content.string))
        case "bool":
            let truth: Bool? = content.bool
            return .bool(try #require(truth as Bool?))
        case "long": return .integer(try #require(content.string.flatMap { Int64($0) }))
        case "double":
            // Not each double can be written in JSON.
            let bits = json["bits"]?.string.flatMap { UInt64($0, radix: 16) }
            return .double(try #require(bits.map { Double(bitPattern: $0) } ?? content.double))
        case "binary": return .binary(try #require(content.string.flatMap(bytes)))
        // Python's class says nothing of ours: what matters is that the field is there.
        case "object": return .object(Class(name: try #require(content.string)))
        default: throw UnknownVector(description: "a value of type \(json)")
        }
    }

    package static func fields(_ object: JSONObject, _ key: String) throws -> Fields {
        try fields(object.pairs(key))
    }

    package static func fields(_ pairs: [(key: String, value: JSON)]) throws -> Fields {
        try Fields(pairs.map { Fields.Field($0.key, try value($0.value)) })
    }

    /// Whether we have what was recorded. `*` stands for any text, and a class of Python's for any text of ours.
    package static func match(_ ours: Fields, _ recorded: Fields) -> Bool {
        ours.keys == recorded.keys && zip(ours, recorded).allSatisfy { match($0.value, $1.value) }
    }

    private static func match(_ ours: FieldValue, _ recorded: FieldValue) -> Bool {
        switch (ours, recorded) {
        case (_, .object(let object)) where object is Class: true
        case (.string, .string("*")): true
        case (.string, .string(let text)) where text.hasPrefix("<class "): true
        // Bytes become Python's text for them there.
        case (.binary, .string(let text)): text.hasPrefix("b'")
        // What is no number equals nothing, hence the bits.
        case (.double(let ours), .double(let recorded)): ours.bitPattern == recorded.bitPattern
        default: ours == recorded
        }
    }

    package static func baggage(_ object: JSONObject) throws -> TextDictionary<String?> {
        try TextDictionary(
            object.pairs("baggage").map { pair in
                guard !pair.value.isNull else { return (key: pair.key, value: nil) }
                let text: String = try #require(pair.value.string)
                return (key: pair.key, value: text)
            }
        )
    }

    /// The bytes that hexadecimal digits stand for.
    package static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    package static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private struct Class: Sendable { let name: String }
}

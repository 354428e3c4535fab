import Kser
import OpenTracing
import Testing

/// Reads the typed values of the vectors, `{"type", "value"}`.
enum TypedValues {
    static func value(_ json: JSON) throws -> FieldValue {
        let content = try #require(json["value"])
        switch json["type"]?.string {
        case "null": return .null
        case "string": return .string(try #require(content.string))
        case "bool":
            let truth: Bool? = content.bool
            return .bool(try #require(truth as Bool?))
        case "long": return .integer(try #require(content.string.flatMap { Int64($0) }))
        case "double": return .double(try #require(content.double))
        // Python's class says nothing of ours: what matters is that the field is there.
        case "object": return .object(Class(name: try #require(content.string)))
        default: throw UnknownVector(description: "a value of type \(json)")
        }
    }

    static func fields(_ object: JSONObject, _ key: String) throws -> Fields {
        try Fields(object.pairs(key).map { Fields.Field($0.key, try value($0.value)) })
    }

    /// Whether we have what was recorded.
    static func match(_ ours: Fields, _ recorded: Fields) -> Bool {
        ours.keys == recorded.keys
            && zip(ours, recorded).allSatisfy { ours, recorded in
                if case .object(let object) = recorded.value, object is Class { return true }
                return ours.value == recorded.value
            }
    }

    static func baggage(_ object: JSONObject) throws -> [String: String?] {
        try Dictionary(
            uniqueKeysWithValues: object.pairs("baggage").map { pair in
                guard !pair.value.isNull else { return (pair.key, nil) }
                let text: String = try #require(pair.value.string)
                return (pair.key, text)
            }
        )
    }

    private struct Class: Sendable { let name: String }
}

/// A vector holds something that the suite does not know: a failure, never a skip.
struct UnknownVector: Error, CustomStringConvertible { let description: String }

/// The error of a scripted block.
struct ScriptedError: Error, CustomStringConvertible { let description: String }

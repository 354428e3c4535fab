import CSimdjson
import Foundation

extension TapeDecoder {
    /// The error of an element that is not of a type, of the same case as Foundation's.
    func mismatch(
        _ mismatch: Mismatch,
        _ type: Any.Type,
        _ element: kser_json_element,
        _ path: [any CodingKey]
    ) -> DecodingError {
        let expected = TypeWords(type)
        let found = mismatch == .wrong ? element.words : "a number out of range"
        let context = DecodingError.Context(
            codingPath: path,
            debugDescription: "expected \(expected.name), found \(found)",
            underlyingError: KserError.validation(element.isNull ? FieldLoader.null : expected.refusal)
        )
        if mismatch != .wrong { return .dataCorrupted(context) }
        return element.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    func keyNotFound(_ key: some CodingKey) -> DecodingError {
        .keyNotFound(
            key,
            .init(codingPath: codingPath, debugDescription: "No value associated with key '\(key.stringValue)'")
        )
    }
}

extension kser_json_element {
    fileprivate var words: String {
        switch type {
        case .null: "null"
        case .bool: "true or false"
        case .int64, .uint64: "an integer"
        case .double: "a float"
        case .string: "text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

/// How a type is called for people, and kser's text for a value that is not of it.
private struct TypeWords {
    let name: String
    let refusal: String

    init(_ type: Any.Type) {
        switch type {
        case is String.Type, is Data.Type, is URL.Type: (name, refusal) = ("text", "Not a valid string.")
        case is Bool.Type: (name, refusal) = ("true or false", "Not a valid boolean.")
        case is any BinaryInteger.Type: (name, refusal) = ("an integer (\(type))", "Not a valid integer.")
        case is any BinaryFloatingPoint.Type, is Decimal.Type, is Date.Type:
            (name, refusal) = ("a number", "Not a valid number.")
        case is [Any].Type: (name, refusal) = ("a list", "Not a valid list.")
        case is [String: Any].Type, is JSONObject.Type: (name, refusal) = ("an object", "Not a valid mapping type.")
        default: (name, refusal) = ("\(type)", "Invalid value.")
        }
    }
}

import Foundation
import Kser

/// Forms of the vectors for what came out.
enum Outcome {
    /// `{"returns": {"result": R}}`
    static func returning(_ result: ExecutionResult) -> JSON {
        ["returns": ["result": .object(result.json)]]
    }

    /// `{"returns": {"value": V}}`
    static func returning(value: JSON) -> JSON { ["returns": ["value": value]] }

    /// `{"returns": null}`
    static let returningNothing: JSON = ["returns": nil]

    /// `{"raises": {"error": E}}`
    static func raising(_ error: any Error) -> JSON { ["raises": ["error": KserError(converting: error).json]] }
}

/// The text that a case feeds in, as bytes: `input`, `input_base64` or `input_parts`.
func inputBytes(of given: JSONObject) throws -> [UInt8] {
    let given = try Fields(given, "given", allowing: given.keys)
    if given.has("input_base64") {
        guard let data = Data(base64Encoded: try given.text("input_base64")) else {
            throw SchemaError("given.input_base64 is not base64")
        }
        return Array(data)
    }
    if given.has("input_parts") {
        return try given.list("input_parts").flatMap { part in
            guard let text = part[0]?.string, let count = part[1]?.int else {
                throw SchemaError("given.input_parts holds \(part)")
            }
            return Array(String(repeating: text, count: count).utf8)
        }
    }
    return Array(try given.text("input").utf8)
}

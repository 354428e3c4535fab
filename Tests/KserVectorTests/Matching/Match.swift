import Foundation
import Kser

/// Compares what came out with the whole of an expectation, by the rules of Tests/Vectors/kser/README.md.
struct Match {
    private(set) var differences: [String] = []
    private let place: [String: String]
    private var bindings: [String: String] = [:]

    /// - Parameter place: what the placeholders of places stand for.
    init(place: [String: String] = [:]) { self.place = place }

    mutating func compare(_ expected: JSON, _ actual: JSON?, at path: Path) {
        guard let actual else { return differ(path, expected, "nothing") }
        switch (expected, actual) {
        case (.object(let marker), _) where marker.isMarker:
            compare(marker: marker, actual, at: path)
        case (.object(let expected), .object(let actual)):
            compare(expected, actual, at: path)
        case (.array(let expected), .array(let actual)):
            compare(expected, actual, at: path)
        case (.string(let expected), .string(let actual)):
            compare(text: expected, actual, at: path)
        case (.double(let left), .double(let right)):
            if left.bitPattern != right.bitPattern { differ(path, expected, actual) }
        case (.bigInteger, .bigInteger), (.unsigned, .unsigned), (.integer, .integer), (.bool, .bool), (.null, .null):
            if expected != actual { differ(path, expected, actual) }
        default:
            differ(path, expected, actual)
        }
    }

    private mutating func differ(_ path: Path, _ expected: JSON, _ actual: some CustomStringConvertible) {
        differences.append("\(path): expected \(expected.description.shortened), got \(actual.description.shortened)")
    }
}

// MARK: Objects and lists

extension Match {
    private mutating func compare(_ expected: JSONObject, _ actual: JSONObject, at path: Path) {
        for (key, value) in expected where !Self.isFree(key, of: expected, at: path) {
            compare(value, under: key, of: expected, with: actual, at: path[key])
        }
        for key in actual.keys where !expected.contains(key) && !(key == "stack" && actual[key]?.isNull == true) {
            differences.append("\(path[key]): not expected, got \(actual[key]?.description.shortened ?? "")")
        }
    }

    /// Whether a key is never compared: python's own texts, and the uuid that is not text.
    private static func isFree(_ key: String, of expected: JSONObject, at path: Path) -> Bool {
        switch key {
        case "python_type", "repr", "$uuid_type": true
        case "str": path.last == "raises" || expected.contains("raises")
        case "uuid": expected.contains("$uuid_type")
        default: false
        }
    }

    private mutating func compare(
        _ expected: JSON,
        under key: String,
        of object: JSONObject,
        with actual: JSONObject,
        at path: Path
    ) {
        switch (key, expected, actual[key]) {
        case ("stack", .null, nil), ("stack", .null, .null?):
            break
        case ("stack", .string("<stack>"), let value):
            if value?.string == nil, value?.isNull != true { differ(path, expected, value?.description ?? "nothing") }
        case ("logger", .string(let name), .string(let actual)?):
            compare(text: LogLines.logger(for: name), actual, at: path)
        case ("message", .string(let text), .string(let actual)?) where object.contains("logger"):
            compare(text: LogLines.comparable(text), LogLines.comparable(actual), at: path)
        case ("kmsg", .object(let empty), .object?) where empty.isEmpty:
            break  // a crypto message of python writes itself as an empty object
        case ("dumps", .string(let text), .string(let actual)?), ("json", .string(let text), .string(let actual)?),
            ("plaintext", .string(let text), .string(let actual)?):
            compare(jsonText: text, actual, at: path)
        case (_, _, let value):
            compare(expected, value, at: path)
        }
    }

    private mutating func compare(_ expected: [JSON], _ actual: [JSON], at path: Path) {
        for (index, value) in expected.enumerated() {
            let path = path[index]
            guard index < actual.count else {
                differ(path, value, "nothing")
                continue
            }
            let isJSONText = path.ends(in: "client_calls", "[]", "args", "[1]") || path.ends(in: "task_messages", "[]")
            if isJSONText, case .string(let text) = value, case .string(let actual) = actual[index] {
                compare(jsonText: text, actual, at: path)
            } else {
                compare(value, actual[index], at: path)
            }
        }
        for (index, value) in actual.enumerated().dropFirst(expected.count) {
            differences.append("\(path[index]): not expected, got \(value.description.shortened)")
        }
    }
}

// MARK: Texts and markers

extension Match {
    private mutating func compare(text expected: String, _ actual: String, at path: Path) {
        if expected.isIdentical(to: actual) { return }
        if TextPattern(expected, place: place).matches(actual, binding: &bindings) { return }
        differ(path, .string(expected), JSON.string(actual))
    }

    /// JSON texts are compared as values: their layout and the order of keys are free.
    private mutating func compare(jsonText expected: String, _ actual: String, at path: Path) {
        do {
            compare(try JSON(parsing: expected), try JSON(parsing: actual), at: path["(parsed)"])
        } catch {
            differences.append("\(path): not JSON (\(error)), got \(actual.shortened)")
        }
    }

    /// A value that has no JSON form of its own.
    private mutating func compare(marker: JSONObject, _ actual: JSON, at path: Path) {
        for (name, value) in marker {
            switch (name, value, actual) {
            case ("$int", .string(let digits), .unsigned(let number)) where digits == "\(number)": break
            case ("$int", .string(let digits), .bigInteger(let number)) where digits == number: break
            case ("$bytes", .string(let text), .string(let actual)):
                let bytes = Data(base64Encoded: text).map(Array.init) ?? []
                compare(text: String(decoding: bytes, as: UTF8.self), actual, at: path)
            case ("$repr", _, _): break  // python's own text
            case ("$int", _, _), ("$float", _, _), ("$escaped", _, _), ("$bytes", _, _):
                differ(path, .object(marker), actual)
            default:
                differences.append("\(path): the expectation has the unknown element '\(name)'")
            }
        }
    }
}

extension JSONObject {
    /// Whether the object stands for a value without JSON form; `$uuid_type` is a field beside others.
    var isMarker: Bool { count == 1 && keys[0].hasPrefix("$") }
}

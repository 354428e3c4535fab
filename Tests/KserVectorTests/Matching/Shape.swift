import Kser

/// Compares the kind of what came out: success or failure, `code`, `name` and `msgid` of errors, `retcode` of results,
/// number and kind of log lines. Texts and ids may differ.
struct Shape {
    private(set) var differences: [String] = []

    mutating func compare(_ expected: JSON, _ actual: JSON?, at path: Path) {
        guard let actual else { return differ(path, expected.description, "nothing") }
        switch (expected, actual) {
        case (.object(let marker), _) where marker.isMarker && !actual.isNull:
            break
        case (.object(let expected), .object(let actual)):
            compare(expected, actual, at: path)
        case (.array(let expected), .array(let actual)):
            if expected.count != actual.count { differ(path, "\(expected.count) of them", "\(actual.count)") }
            for (index, pair) in zip(expected, actual).enumerated() { compare(pair.0, pair.1, at: path[index]) }
        case (.string, .string), (.null, .null), (.bool, .bool):
            break
        case (.integer, .integer), (.unsigned, .unsigned), (.bigInteger, .bigInteger), (.double, .double):
            break
        default:
            differ(path, expected.description, actual.description)
        }
    }

    private mutating func compare(_ expected: JSONObject, _ actual: JSONObject, at path: Path) {
        if expected.contains("msgid") {
            compare(["code", "name", "msgid"], expected, actual, at: path)
        } else if expected.contains("retcode") {
            compare(["retcode"], expected, actual, at: path)
            if let error = expected["retval"]?["error"] {
                compare(error, actual["retval"]?["error"], at: path["retval"]["error"])
            }
        } else if expected.contains("logger") {
            compareLines(expected, actual, at: path)
        } else if !expected.contains("entrypoint") {  // a message is a success, whatever it holds
            compareFields(expected, actual, at: path)
        }
    }

    private mutating func compare(_ keys: [String], _ expected: JSONObject, _ actual: JSONObject, at path: Path) {
        for key in keys where expected[key] != actual[key] {
            differ(path[key], expected[key]?.description ?? "nothing", actual[key]?.description ?? "nothing")
        }
    }

    private mutating func compareLines(_ expected: JSONObject, _ actual: JSONObject, at path: Path) {
        let (wanted, found) = (LogLines.kind(of: expected), LogLines.kind(of: actual))
        if wanted != found { differ(path, wanted, found) }
    }

    private mutating func compareFields(_ expected: JSONObject, _ actual: JSONObject, at path: Path) {
        let free = ["python_type", "str", "repr"]
        for (key, value) in expected where !free.contains(key) { compare(value, actual[key], at: path[key]) }
        for key in actual.keys where !expected.contains(key) && !free.contains(key) {
            differ(path[key], "nothing", actual[key]?.description ?? "")
        }
    }

    private mutating func differ(_ path: Path, _ expected: String, _ actual: String) {
        differences.append("\(path): expected \(expected.shortened), got \(actual.shortened)")
    }
}

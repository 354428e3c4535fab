import Kser

extension JSON {
    /// Python's `str(value)`.
    var pythonText: String {
        if case .string(let text) = self { text } else { pythonRepresentation }
    }

    /// Python's `repr(value)`.
    var pythonRepresentation: String {
        switch self {
        case .null: "None"
        case .bool(let truth): truth ? "True" : "False"
        case .string(let text): text.pythonQuoted
        case .array(let elements): "[\(elements.map(\.pythonRepresentation).joined(separator: ", "))]"
        case .object(let object):
            "{\(object.map { "\($0.key.pythonQuoted): \($0.value.pythonRepresentation)" }.joined(separator: ", "))}"
        case .integer, .unsigned, .bigInteger, .double: description
        }
    }
}

extension String {
    /// Python's `repr(text)`.
    fileprivate var pythonQuoted: String {
        let quote: Character = contains("'") && !contains("\"") ? "\"" : "'"
        var quoted = String(quote)
        for character in unicodeScalars {
            switch character {
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "'" where quote == "'": quoted += "\\'"
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + String(quote)
    }

    /// Python's `text.format_map(values)` for plain fields, `{name}`, and doubled braces.
    ///
    /// - Throws: what Python raises for a field without a value; ``SchemaError`` for other forms of fields.
    func formatted(with values: JSONObject) throws -> String {
        var result = ""
        var rest = self[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            result += rest[..<brace]
            rest = rest[brace...]
            if rest.hasPrefix("{{") || rest.hasPrefix("}}") {
                result.append(rest.removeFirst())
                rest.removeFirst()
                continue
            }
            guard let match = rest.prefixMatch(of: /\{(\w+)\}/) else {
                throw SchemaError("the format '\(self)' has a field that this suite does not know")
            }
            let name = String(match.output.1)
            guard let value = values[name] else { throw PythonError(name.pythonQuoted) }
            result += value.pythonText
            rest = rest[match.range.upperBound...]
        }
        return result + rest
    }
}

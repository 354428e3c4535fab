/// The variables of the environment; an empty one is as none.
struct Variables {
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values.filter { !$0.value.isEmpty } }

    subscript(name: String) -> String? { values[name] }

    /// The first of several names that is set.
    subscript(first names: [String]) -> (name: String, value: String)? {
        names.lazy.compactMap { name in values[name].map { (name, $0) } }.first
    }

    func bool(_ name: String) throws(JaegerError) -> Bool? {
        guard let text = values[name] else { return nil }
        switch text.lowercased() {
        case "true", "1", "t": return true
        case "false", "0", "f": return false
        default: throw .invalid(name, text)
        }
    }

    func integer(_ name: String) throws(JaegerError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text) else { throw .invalid(name, text) }
        return number
    }

    /// A duration as Go writes it, such as `500ms`, `1m30s` or `0`.
    func duration(_ name: String) throws(JaegerError) -> Duration? {
        guard let text = values[name] else { return nil }
        if text == "0" { return .zero }
        let units: [String: Double] = ["ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600]
        var seconds = 0.0
        var rest = text[...]
        repeat {
            let number = rest.prefix { $0.isNumber || $0 == "." }
            let unit = rest.dropFirst(number.count).prefix { !$0.isNumber && $0 != "." }
            guard let amount = Double(number), let factor = units[String(unit)] else { throw .invalid(name, text) }
            seconds += amount * factor
            rest = rest.dropFirst(number.count + unit.count)
        } while !rest.isEmpty
        guard let duration = Duration(boundedSeconds: seconds) else { throw .invalid(name, text) }
        return duration
    }

    /// `${NAME:default}` as the value of a variable; other text as it is.
    func expand(_ text: String) -> String {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return text }
        let parts = text.dropFirst(2).dropLast().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return values[String(parts[0])] ?? (parts.count > 1 ? String(parts[1]) : "")
    }
}

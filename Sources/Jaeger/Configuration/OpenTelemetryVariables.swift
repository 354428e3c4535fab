/// OpenTelemetry's variables, by the rules of its specification: what is empty, negative or cannot be read counts as not
/// set, and is warned of. None keeps a process from starting.
struct OpenTelemetryVariables {
    private let variables: Variables
    private let log: JaegerLog

    init(_ variables: Variables, log: JaegerLog) {
        self.variables = variables
        self.log = log
    }

    subscript(name: String) -> String? {
        variables[name].map { String($0.trimmingBlanks) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The first of several names that is set.
    func first(of names: [String]) -> (name: String, value: String)? {
        names.lazy.compactMap { name in self[name].map { (name, $0) } }.first
    }

    /// Says that a variable is not heeded. Its value is no part of it: it may be secret.
    func warn(_ name: String, _ reason: String) { log.warning("\(name) is ignored: \(reason)") }

    /// Whether the variable is `true`, in any case.
    func isTrue(_ name: String) -> Bool {
        guard let text = self[name]?.lowercased() else { return false }
        if text != "true", text != "false" { warn(name, "it is neither true nor false") }
        return text == "true"
    }

    /// A whole number.
    func number(_ name: String, atLeast minimum: Int) -> Int? {
        guard let text = self[name] else { return nil }
        guard let number = Int(text), number >= minimum else {
            warn(name, "it is no whole number of \(minimum) or more")
            return nil
        }
        return number
    }

    /// A duration in milliseconds.
    func milliseconds(_ name: String) -> Duration? { number(name, atLeast: 0).map { .milliseconds($0).bounded } }

    /// As long as something may take; 0 means without a limit.
    func timeout(_ name: String) -> Duration? { milliseconds(name).map { $0 == .zero ? .longest : $0 } }

    /// The names in a list, in lower case.
    func names(_ name: String) -> [String] {
        (self[name] ?? "").split(separator: ",").map { $0.trimmingBlanks.lowercased() }.filter { !$0.isEmpty }
    }

    /// `k=v,k=v`, percent-encoded. When an item is malformed, none counts.
    func pairs(_ name: String) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for item in (self[name] ?? "").split(separator: ",") where !item.trimmingBlanks.isEmpty {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let texts = parts.map { PercentEncoding.decodeStrictly($0.trimmingBlanks) }
            guard texts.count == 2, let key = texts[0], !key.isEmpty, let value = texts[1] else {
                warn(name, "it is not of the form key=value,key=value with percent-encoded texts")
                return []
            }
            pairs.append((key, value))
        }
        return pairs
    }
}

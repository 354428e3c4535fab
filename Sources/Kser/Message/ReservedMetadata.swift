/// Keys in a message's metadata that say something of this message alone, and so never go on with the next task.
package enum ReservedMetadata {
    /// What the message of a task says about its operation.
    package static let operation = "kser.operation"
    /// The context of the span that sent the message, as `opentelemetry-instrumentation-kser` writes it.
    package static let tracing = "tracing"
    /// That of kser up to 0.8.22.
    package static let parentSpan = "__parent-span__"

    fileprivate static let all = [operation, tracing, parentSpan]
}

extension JSONObject {
    /// What was set in a task's metadata while it ran.
    func changes(since received: JSONObject) -> JSONObject {
        if isEmpty { return [:] }
        var changes = JSONObject()
        for (key, value) in self where !ReservedMetadata.all.contains(key) && received[key] != value {
            changes[key] = value
        }
        return changes
    }

    /// Takes over what is not there yet.
    mutating func fill(from other: JSONObject) {
        for (key, value) in other where !contains(key) { self[key] = value }
    }
}

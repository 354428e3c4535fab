/// What the messages of a launched operation carry, so that all of its tasks are of the trace that it was launched in.
package struct OperationTrace: Sendable, Hashable {
    /// Headers of the records, by name.
    package var headers: JSONObject
    /// What goes into the metadata of the messages.
    package var metadata: JSONObject

    package init(headers: [Record.Header] = [], metadata: JSONObject = [:]) {
        self.headers = JSONObject(
            headers.map { (key: $0.name, value: .string(String(decoding: $0.value ?? [], as: UTF8.self))) }
        )
        self.metadata = metadata
    }

    /// A trace as it is stored; nil when there is none.
    init?(_ json: JSONObject?) {
        guard let json else { return nil }
        headers = json["headers"]?.object ?? [:]
        metadata = json["metadata"]?.object ?? [:]
    }

    /// What is stored of it.
    var json: JSONObject { ["headers": .object(headers), "metadata": .object(metadata)] }

    /// The headers of a record.
    var recordHeaders: [Record.Header] {
        headers.compactMap { header in header.value.string.map { Record.Header(header.key, text: $0) } }
    }
}

/// A producer that makes spans.
package protocol LaunchTracer: Sendable {
    /// Runs the launch of an operation in a span of its own.
    ///
    /// - Parameters:
    ///   - execution: the operation's execution.
    ///   - body: launches it; it gets what the operation's messages are to carry, nil when nothing is traced.
    /// - Returns: what the body returns.
    /// - Throws: what the body throws.
    func traceLaunch<Value: Sendable>(
        of execution: Execution,
        _ body: (OperationTrace?) async throws -> Value
    ) async throws -> Value
}

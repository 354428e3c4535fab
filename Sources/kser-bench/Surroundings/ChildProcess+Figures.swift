import TestSupport

extension ChildProcess {
    /// Waits for a line of its output that gives a value, and takes as long as measuring does.
    ///
    /// - Throws: `UnexpectedEnd` with the output when it ended without such a line.
    func figure<Value: Sendable>(_ pick: (String) -> Value?) async throws -> Value {
        while true {
            if let value = pick(try await line(within: .seconds(600))) { return value }
        }
    }
}

import Foundation

/// Runs a call that blocks on a thread of its own, never on the cooperative pool.
///
/// - Throws: what the call throws; `CancellationError` at once when the task is cancelled, while the call runs to its end.
func onOwnThread<Value: Sendable>(
    _ name: String,
    _ call: @escaping @Sendable () throws -> Value
) async throws -> Value {
    let promise = Promise<Value>()
    startThread(name) { promise.settle(Result(catching: call)) }
    return try await promise.value()
}

/// Starts a thread.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.start()
}

extension Duration {
    /// The duration in whole milliseconds, at least 0 and at most what an Int32 holds.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds >= 2_147_483 { return .max }
        return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}

/// Asks again and again until the answer is yes: for what tells nobody when it changes, such as the offsets of a broker. The
/// caller has a deadline.
///
/// - Throws: what the question throws, or `CancellationError`.
package func poll(_ isTrue: () async throws -> Bool) async throws {
    while try await !isTrue() { try await Task.sleep(for: .milliseconds(20)) }
}

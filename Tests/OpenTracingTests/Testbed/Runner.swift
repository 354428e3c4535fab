import Foundation

/// Where the bodies of an imperative scenario run. None of them inherits an active span.
struct Runner: Sendable {
    private let start: @Sendable (@escaping @Sendable () -> Void) async -> Void

    /// Each body in a task of its own.
    static let tasks = Runner { body in await Task.detached { body() }.value }

    /// Each body in a thread of its own.
    static let threads = Runner { body in
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                body()
                continuation.resume()
            }
        }
    }

    /// Runs a body to its end.
    func run(_ body: @escaping @Sendable () -> Void) async { await start(body) }
}

/// Runs what was scheduled one after the other, like an event loop. Each body is a task made at the moment of
/// scheduling, so it inherits the span that was active then.
actor Loop {
    private var last: Task<Void, Never>?

    /// Schedules a body behind those that are scheduled already.
    nonisolated func schedule(_ body: @escaping @Sendable () async -> Void) async {
        let gate = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in gate.stream {}
            await body()
        }
        await append(task, opening: gate.continuation)
    }

    private func append(_ task: Task<Void, Never>, opening gate: AsyncStream<Void>.Continuation) {
        let previous = last
        last = task
        guard let previous else { return gate.finish() }
        Task {
            await previous.value
            gate.finish()
        }
    }

    /// Waits until nothing is left, whatever was scheduled meanwhile.
    func drain() async {
        while let task = last {
            await task.value
            if last == task { return }
        }
    }
}

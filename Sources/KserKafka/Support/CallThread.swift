import Foundation
import Kser
import Synchronization

/// The thread for the calls of one client that block: never one of the cooperative pool. It makes them one after another,
/// starts with the first and ends with this object.
final class CallThread: Sendable {
    private struct State {
        var calls = Queue<@Sendable () -> Void>()
        var isStarted = false
        var isEnding = false
    }

    /// What the thread holds, so that it does not keep the object alive.
    private final class Inbox: Sendable {
        let state = Mutex(State())
        let arrival = DispatchSemaphore(value: 0)

        func serve() {
            while true {
                arrival.wait()
                let (call, isEnding) = state.withLock { ($0.calls.popFirst(), $0.isEnding) }
                if let call { call() } else if isEnding { return }
            }
        }
    }

    /// How many calls may wait.
    static let limit = 10_000

    private let name: String
    private let inbox = Inbox()

    /// - Parameter name: the thread's.
    init(_ name: String) { self.name = name }

    deinit {
        inbox.state.withLock { $0.isEnding = true }
        inbox.arrival.signal()
    }

    /// Makes a call after those asked for before. One whose task is cancelled while it waits is not made.
    ///
    /// - Throws: what the call throws; ``KafkaError/Code/resourceExhausted`` when there is no thread for it, or too many
    ///   wait; `CancellationError` at once when the task is cancelled, while a call that was begun runs to its end.
    func run<Value: Sendable>(_ call: @escaping @Sendable () throws -> Value) async throws -> Value {
        let promise = Promise<Value>()
        let isCancelled = Cancellation()
        try add(limit: Self.limit) {
            if !isCancelled.isSet { promise.settle(Result(catching: call)) }
        }
        return try await withTaskCancellationHandler {
            try await promise.value()
        } onCancel: {
            isCancelled.set()
        }
    }

    private final class Cancellation: Sendable {
        private let flag = Atomic(false)
        var isSet: Bool { flag.load(ordering: .relaxed) }
        func set() { flag.store(true, ordering: .relaxed) }
    }

    /// Adds a call, without waiting for it.
    ///
    /// - Throws: ``KafkaError/Code/resourceExhausted``.
    func add(limit: Int = .max, _ call: @escaping @Sendable () -> Void) throws(KafkaError) {
        try inbox.state.withLock { state throws(KafkaError) in
            if state.calls.count >= limit {
                throw KafkaError(
                    .resourceExhausted,
                    "\(state.calls.count) calls wait for thread \(name) already; make fewer of them at once",
                    isRetriable: true
                )
            }
            if !state.isStarted {
                let inbox = inbox
                try startThread(name) { inbox.serve() }
                state.isStarted = true
            }
            state.calls.append(call)
        }
        inbox.arrival.signal()
    }
}

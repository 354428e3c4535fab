import Kser
import Synchronization

/// Runs the transactions of a producer one after the other, each to its end.
final class TransactionQueue: Sendable {
    private struct State {
        var last: Promise<Void>?
        var isClosed = false
    }

    private let transactions: TransactionRunner
    private let closeTimeout: Duration
    private let state = Mutex(State())

    init(_ core: ProducerCore, _ configuration: ProducerConfiguration) {
        transactions = TransactionRunner(core, timeout: configuration.transactionTimeout)
        closeTimeout = configuration.closeTimeout
    }

    /// Runs the work after all that was asked for before.
    ///
    /// - Throws: what the work throws; `CancellationError` at once when the task is cancelled, while the work goes on.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable (TransactionRunner) async throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        let end = Promise<Void>()
        let before = try state.withLock { state in
            if state.isClosed { throw KafkaError(.closed, "the producer is closed") }
            defer { state.last = end }
            return state.last
        }
        let transactions = transactions
        let outcome = Promise<Value>()
        Task {
            // Promises for the order are kept only.
            try? await before?.value()
            do { outcome.keep(try await work(transactions)) } catch { outcome.fail(error) }
            end.keep()
        }
        return try await outcome.value()
    }

    /// Takes no more work, and waits a bounded time for what there is.
    func close() async {
        let last = state.withLock { state in
            state.isClosed = true
            return state.last
        }
        guard let last else { return }
        let deadline = Task { [closeTimeout] in
            try await Task.sleep(for: closeTimeout)
            last.keep()
        }
        try? await last.value()
        deadline.cancel()
        transactions.giveUp()
    }
}

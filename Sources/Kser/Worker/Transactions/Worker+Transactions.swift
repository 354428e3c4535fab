// What a worker with transactions does besides.
extension Worker {
    /// Begins to commit what the worker's records come to. A failure ends the worker.
    ///
    /// - Returns: the task that does it; nil without transactions.
    func beginTransactions() async -> Task<Void, Never>? {
        guard let transactor else { return nil }
        do {
            if options.deduplication != nil {
                throw KserError.configuration(
                    "A window of duplicates cannot know which transactions are committed: use deduplication or transactions"
                )
            }
            if consumer.readsUncommitted {
                throw KserError.configuration(
                    "Transactions need a consumer that reads only what is committed: set isolation to .readCommitted"
                )
            }
            try await prepare(transactor.options.producer)
        } catch {
            transactor.end()
            if error is CancellationError { consumer.stop() } else { fail(error) }
            return nil
        }
        return Task {
            // Cancelled it is only after all is over.
            do { try await transactor.run() } catch is CancellationError {} catch { fail(error) }
        }
    }

    /// Prepares the producer, until the shutdown begins.
    private func prepare(_ producer: any TransactionalMessageProducer) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await producer.prepare() }
            group.addTask {
                try await self.ending.value()
                throw CancellationError()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Ends the transactions, after the consumer has waited for those of the records it had in work.
    func endTransactions(_ committing: Task<Void, Never>?) async {
        transactor?.end()
        committing?.cancel()
        await committing?.value
    }

    /// Runs a record's handler. What it sends through the producer of the transactions is kept, when it succeeds.
    func dispatch(_ record: Record, attempt: Int, under terms: Arrival.Terms?) async -> Dispatch {
        let cluster = options.operations
        guard let transactor else {
            return await controller.dispatch(
                record,
                attempt: attempt,
                in: cluster,
                under: terms
            )
        }
        let outbox = Outbox(of: transactor.options.producer)
        var dispatch = await Outbox.$current.withValue(outbox) {
            await controller.dispatch(
                record,
                attempt: attempt,
                in: cluster,
                under: terms
            )
        }
        let sent = outbox.close()
        if dispatch.result.isSuccess { dispatch.sent += sent }
        return dispatch
    }
}

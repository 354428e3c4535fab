extension OperationCluster {
    /// Makes operations go on that stand still: tasks that nobody sent or nobody runs any more, such as after a crash, are
    /// sent, and operations whose time is over fail. Workers do it by themselves; see ``recoveryInterval``.
    ///
    /// Each operation is taken by one caller, however many recover at once. One that cannot be sent on holds up no other,
    /// and is left for ever longer.
    ///
    /// - Returns: how many operations had something done to them.
    /// - Throws: ``StoreError``, or why the tasks of an operation could not be sent, the first one's; the others' were.
    @discardableResult
    public func recover() async throws -> Int { try await recover(on: nil) }

    func recover(on controller: Controller?) async throws -> Int {
        let most = 100
        var count = 0
        var failure: (any Error)?
        while true {
            // Those that several workers left at the same time do not meet again.
            let pause = recoveryInterval * .random(in: 0.75...1.25)
            let uuids = try await store.claimDue(at: clock.now(), pause: max(1_000, pause.milliseconds), limit: most)
            for uuid in uuids {
                do {
                    if try await recover(uuid, on: controller) { count += 1 }
                } catch let error as CancellationError {
                    throw error
                } catch {
                    failure = failure ?? error
                }
            }
            if uuids.count < most { break }
        }
        if let failure { throw failure }
        return count
    }

    /// - Returns: whether something was done.
    private func recover(_ uuid: String, on controller: Controller?) async throws -> Bool {
        let found = try await change(uuid, on: controller) { draft throws(StoreError) in
            let due = try draft.recover()
            return (due: due, concluding: try draft.concluding(), isEnded: draft.head.isEnded)
        }
        guard let found else { return false }
        try await send(found.due, of: uuid)
        if let operation = found.concluding {
            try await send(try await callHooks(of: operation, by: "", on: controller), of: uuid)
        }
        return !found.due.isEmpty || found.concluding != nil || found.isEnded
    }

    /// Recovers, and gives signs of life for the tasks in work, until it is cancelled.
    func keep(on controller: Controller) async {
        async let renewing: Void = keepRenewing(controller.logger)
        while !Task.isCancelled {
            do {
                let count = try await recover(on: controller)
                if count > 0 {
                    log(.warning, "made \(count) operation(s) go on that stood still", controller.logger)
                    controller.monitor?.operationsRecovered(count)
                }
                let pruned = try await prune()
                if pruned > 0 { log(.info, "removed \(pruned) operation(s) that ended long ago", controller.logger) }
            } catch is CancellationError {
                break
            } catch {
                log(.error, "not recovered or pruned, trying again in \(recoveryInterval): \(error)", controller.logger)
            }
            // Workers that began together do not look together.
            try? await clock.sleep(recoveryInterval * .random(in: 0.5...1.5))
        }
        await renewing
    }

    private func keepRenewing(_ logger: KserLogger) async {
        while !Task.isCancelled {
            let before = state.inWork
            try? await clock.sleep(attemptTimeout / 3)
            // What has begun since is fresh.
            for attempt in before.intersection(state.inWork) where !Task.isCancelled {
                do {
                    _ = try await change(attempt.operation) { draft throws(StoreError) in
                        try draft.renew(attempt.place, attempt.attempt)
                    }
                } catch {
                    log(.warning, "no sign of life of a task in work could be given: \(error)", logger)
                }
            }
        }
    }
}

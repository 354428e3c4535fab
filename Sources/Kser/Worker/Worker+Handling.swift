// What happens to one record.
extension Worker {
    /// Dispatches a record until there is an outcome, and completes it, unless something has to be sent first.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - partition: its partition.
    ///   - earlier: earlier assignments of the partition, which may have the record in work.
    /// - Returns: what has to be acknowledged; ``confirm(_:of:)`` then completes the record. Nil when the record is done,
    ///   or given up because the worker does not go on with it.
    func handle(
        _ record: Record,
        of partition: PartitionStream,
        after earlier: [PartitionStream]
    ) async -> Boxed<Settlement>? {
        guard await mayRun(record, of: partition, after: earlier) else {
            abandon(record, of: partition)
            return nil
        }
        let place = partition.inWork.begin(record, at: .now)
        defer { partition.inWork.end(place) }
        controller.monitor?.recordTaken(record)
        let attempt = attempt(at: record)
        let dispatch =
            isBare
            ? await controller.dispatch(record, attempt: attempt)
            : await perform(record, attempt: attempt, of: partition)
        if isBare, options.classifier == nil, dispatch.result.isSuccess {
            partition.complete(record)
            return nil
        }
        return await climb(record, after: dispatch, of: partition)
    }

    private func attempt(at record: Record) -> Int { options.retries == nil ? 1 : ladder(of: record).attempt }

    // Not inlined: it would stay in the frame of its caller while the handler runs.
    @inline(never)
    private func ladder(of record: Record) -> Ladder {
        Ladder(record, options, group: consumer.groupID, isSecret: isSealed)
    }

    /// Tries a record again until there is an outcome.
    @inline(never)
    private func climb(
        _ record: Record,
        after first: Dispatch,
        of partition: PartitionStream
    ) async -> Boxed<Settlement>? {
        var ladder = ladder(of: record)
        var dispatch = first
        while true {
            if let duplicate = dispatch.duplicate { return pass(over: record, dispatch, duplicate, of: partition) }
            let outcome = outcome(of: dispatch, in: partition)
            switch ladder.step(after: outcome, dispatch, options) {
            case .settle(let settlement):
                if !settlement.value.isEmpty || transactor != nil { return await begin(settlement) }
                await complete(settlement.value, of: partition)
                return nil
            case .pause(let pause):
                if outcome == .retry { controller.monitor?.messageRetried(record, dispatch, tier: "in-place") }
                log(
                    .warning,
                    "Consumer: \(record.position) is tried again in \(pause), attempt \(ladder.attempt): \(dispatch.result)"
                )
                guard await rest(for: pause, in: partition) else {
                    abandon(record, of: partition)
                    return nil
                }
                dispatch = await perform(record, attempt: ladder.attempt, of: partition)
            case .leave:
                abandon(record, of: partition)
                return nil
            }
        }
    }

    /// What is to become of a message. What fails while the worker or its partition ends is nobody's fault, and left to the
    /// partition's next owner.
    private func outcome(of dispatch: Dispatch, in partition: PartitionStream) -> Outcome? {
        if !dispatch.result.isSuccess, partition.isEnded || Task.isCancelled { return nil }
        let outcome = dispatch.step?.outcome(options.retries != nil) ?? options.outcome(of: dispatch)
        if outcome != .success, partition.isEnded || Task.isCancelled { return nil }
        return outcome
    }

    /// Whether the handler of a record may run, and nothing is in its way any more.
    @inline(__always)
    private func mayRun(
        _ record: Record,
        of partition: PartitionStream,
        after earlier: [PartitionStream]
    ) async -> Bool {
        if earlier.isEmpty, options.acknowledgement == .afterRun { return mayBegin(record, of: partition) }
        return await mayRun(record, of: partition, sinceLeftBy: earlier)
    }

    @inline(never)
    private func mayRun(
        _ record: Record,
        of partition: PartitionStream,
        sinceLeftBy earlier: [PartitionStream]
    ) async -> Bool {
        guard await isLeft(record, by: earlier, to: partition), mayBegin(record, of: partition) else { return false }
        if options.acknowledgement == .afterRun { return true }
        return await acknowledge(record, of: partition)
    }

    private func mayBegin(_ record: Record, of partition: PartitionStream) -> Bool {
        !Task.isCancelled && partition.mayBegin(record)
    }

    /// Commits a record whose handler is to run at most once.
    ///
    /// - Returns: whether the handler may run; false when the partition or the worker ended before the record is committed.
    private func acknowledge(_ record: Record, of partition: PartitionStream) async -> Bool {
        var delay = Duration.milliseconds(100)
        repeat {
            partition.setCommittable(record, true)
            // The commit passes a partition over that was lost meanwhile.
            if await commit(), partition.isCommitted(record) { return true }
            partition.setCommittable(record, false)
            guard await pause(for: delay, in: partition) else { return false }
            delay = min(delay * 2, .seconds(10))
        } while true
    }

    private func commit() async -> Bool {
        do {
            try await consumer.commit()
            log(.debug, "Consumer: Manual commit done.")
            return true
        } catch {
            log(.error, "Consumer: Manual commit failed: \(error)")
            return false
        }
    }
}

// Sending what comes of a record.
extension Worker {
    /// Hands over what is to be sent, in the order of the partition; ``confirm(_:of:)`` sends what fails here.
    private func begin(_ decided: Boxed<Settlement>) async -> Boxed<Settlement> {
        var settlement = decided.value
        if case .success(let parcel)? = settlement.parcel?.record {
            log(
                .warning,
                "Consumer: \(settlement.record.position) goes to \(parcel.topic): \(settlement.dispatch.result)"
            )
        }
        if transactor != nil { return decided }
        try? await settlement.send()
        return Boxed(settlement)
    }

    /// Completes a record when everything sent for it is acknowledged, or leaves it to the next transaction. What is not
    /// acknowledged is sent again, or something else in its place, until the partition ends and the record goes to its next
    /// owner; what is on its way then is waited for as long as the consumer waits for the record.
    @inline(never)
    func confirm(_ begun: Boxed<Settlement>, of partition: PartitionStream) async {
        var settlement = begun.value
        while true {
            do throws(Settlement.Failure) {
                if let transactor {
                    try await settlement.complete()
                    return transactor.settle(settlement, of: partition)
                }
                try await settlement.send()
                try await settlement.delivered()
                return await complete(settlement, of: partition)
            } catch {
                guard await mend(&settlement, after: error, in: partition) else { break }
            }
        }
        abandon(settlement.record, of: partition)
    }

    private func complete(_ settlement: Settlement, of partition: PartitionStream) async {
        await complete(settlement.record, of: partition, isDone: settlement.isDone)
        settlement.report(to: controller.monitor)
    }

    /// Does what there is to do after something was not sent.
    ///
    /// - Returns: false when the worker does not go on with the record.
    private func mend(
        _ settlement: inout Settlement,
        after failure: Settlement.Failure,
        in partition: PartitionStream
    ) async -> Bool {
        if Task.isCancelled { return false }
        let remedy = await settlement.remedy(for: failure, options)
        remedy.report(settlement, failure, to: controller.logger, controller.monitor)
        switch remedy {
        case .again(let pause): return await self.pause(for: pause, in: partition)
        case .changed: return true
        case .end(let error):
            fail(error)
            return false
        }
    }
}

// Waiting.
extension Worker {
    /// Waits until a record of a retry topic may be tried.
    ///
    /// - Returns: false when the partition or the worker ends before; the record is given up then.
    @inline(__always)
    func isDue(_ record: Record, of partition: PartitionStream) async -> Bool {
        guard let topics = options.retries?.topics,
            let wait = topics.wait(for: record, now: options.clock.now())
        else { return true }
        return await isDue(record, of: partition, after: wait)
    }

    private func isDue(_ record: Record, of partition: PartitionStream, after wait: Duration) async -> Bool {
        partition.isHeld = true
        let isDue = await pause(for: wait, in: partition)
        partition.isHeld = false
        if !isDue { abandon(record, of: partition) }
        return isDue
    }

    /// Waits between two attempts, without a handler's place.
    private func rest(for duration: Duration, in partition: PartitionStream) async -> Bool {
        await withoutPlace(in: partition) { _ = await pause(for: duration, in: partition) }
        return !partition.isEnded && !Task.isCancelled
    }

    /// Waits; the end of the partition or the worker ends the wait.
    ///
    /// - Returns: whether the worker goes on with the partition.
    func pause(for duration: Duration, in partition: PartitionStream) async -> Bool {
        await pause(in: partition) { [clock = options.clock] in try await clock.sleep(duration) }
    }

    /// Waits as long as a sleep takes; the end of the partition or the worker ends the wait.
    ///
    /// - Returns: whether the worker goes on with the partition.
    func pause(in partition: PartitionStream, _ sleep: @escaping @Sendable () async throws -> Void) async -> Bool {
        let sleeping = Task(executorPreference: Self.preferredExecutor, operation: sleep)
        let watch = partition.onEnd { sleeping.cancel() }
        defer { partition.forget(watch) }
        let slept = await withTaskCancellationHandler {
            await sleeping.result
        } onCancel: {
            sleeping.cancel()
        }
        if case .failure = slept { return false }
        return !partition.isEnded && !Task.isCancelled
    }
}

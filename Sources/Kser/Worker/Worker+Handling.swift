// What happens to one record.
extension Worker {
    /// Dispatches a record until there is an outcome, and completes it, unless something has to be sent first.
    ///
    /// - Returns: what has to be acknowledged; ``confirm(_:of:)`` then completes the record. Nil when the record is done,
    ///   or given up because the worker does not go on with it.
    @inline(__always)
    func handle(
        _ record: Record,
        of partition: PartitionStream,
        in lanes: Lanes? = nil
    ) async -> Settlement? {
        guard mayBegin(record, of: partition, in: lanes) else {
            abandon(record, of: partition)
            return nil
        }
        let place = partition.inWork.begin(record, at: .now)
        defer { partition.inWork.end(place) }
        controller.monitor?.recordTaken(record)
        if options.acknowledgement == .beforeRun {
            partition.complete(record)
            guard await commit() else { return nil }
        }
        if options.answersEverything {
            let dispatch = isBare ? await controller.dispatch(record) : await perform(record, of: partition)
            if dispatch.refusal == nil, dispatch.step == nil, dispatch.duplicate == nil {
                if isBare, dispatch.result.isSuccess {
                    partition.complete(record)
                    return nil
                }
                return await answer(record, dispatch, of: partition)
            }
            return await climb(Ladder(record, options, group: consumer.groupID), record, after: dispatch, of: partition)
        }
        let ladder = Ladder(record, options, group: consumer.groupID)
        let dispatch = await perform(record, attempt: ladder.attempt, of: partition)
        return await climb(ladder, record, after: dispatch, of: partition)
    }

    /// What ``climb(_:_:after:of:)`` comes to for a message that is not tried again whatever its result, at less cost.
    private func answer(_ record: Record, _ dispatch: Dispatch, of partition: PartitionStream) async -> Settlement? {
        if Task.isCancelled, !dispatch.result.isSuccess {
            abandon(record, of: partition)
            return nil
        }
        if options.replies != nil || transactor != nil {
            return await begin(Settlement(record, dispatch, replies: options.replies))
        }
        await complete(record, of: partition, isDone: dispatch.result.isSuccess)
        return nil
    }

    /// Tries a record again until there is an outcome.
    private func climb(
        _ start: Ladder,
        _ record: Record,
        after first: Dispatch,
        of partition: PartitionStream
    ) async -> Settlement? {
        var ladder = start
        var dispatch = first
        while true {
            if let duplicate = dispatch.duplicate { return pass(over: record, dispatch, duplicate, of: partition) }
            let outcome = outcome(of: dispatch, in: partition)
            switch ladder.step(after: outcome, dispatch) {
            case .settle(let settlement):
                if !settlement.isEmpty || transactor != nil { return await begin(settlement) }
                await complete(record, of: partition, isDone: settlement.isDone)
                settlement.report(to: controller.monitor)
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

    /// What is to become of a message. What fails while the worker or its partition ends is nobody's fault.
    private func outcome(of dispatch: Dispatch, in partition: PartitionStream) -> Outcome? {
        if !dispatch.result.isSuccess, Task.isCancelled { return nil }
        let outcome = dispatch.step?.outcome ?? options.outcome(of: dispatch)
        if outcome != .success, partition.isEnded || Task.isCancelled { return nil }
        return outcome
    }

    /// Hands over what is to be sent, in the order of the partition; ``confirm(_:of:)`` tries again what fails here.
    private func begin(_ settlement: Settlement) async -> Settlement {
        var settlement = settlement
        if let parcel = settlement.parcel {
            log(
                .warning,
                "Consumer: \(settlement.record.position) goes to \(parcel.record.topic): \(settlement.dispatch.result)"
            )
        }
        if transactor == nil { settlement.deliveries = try? await settlement.send() }
        return settlement
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

    /// Completes a record when everything sent for it is acknowledged. What was not is sent again, until the partition
    /// ends and the record goes to its next owner; what was handed to the producer before is waited for even then.
    func confirm(_ settlement: Settlement, of partition: PartitionStream) async {
        if let transactor { return await commit(settlement, of: partition, in: transactor) }
        var deliveries = settlement.deliveries
        var delay = Duration.milliseconds(100)
        defer { abandon(settlement.record, of: partition) }
        repeat {
            do {
                if deliveries == nil { deliveries = try await settlement.send() }
                for delivery in deliveries ?? [] { _ = try await delivery.metadata() }
                await complete(settlement.record, of: partition, isDone: settlement.isDone)
                settlement.report(to: controller.monitor)
                return
            } catch let error as any ClientError where error.isFatal {
                log(.error, "Consumer: outcome of \(settlement.record.position) not sent: \(error)")
                return fail(error)
            } catch {
                log(.error, "Consumer: outcome of \(settlement.record.position) not sent, trying again: \(error)")
            }
            if await !pause(for: delay, in: partition) { return }
            delay = min(delay * 2, .seconds(10))
            deliveries = nil
        } while !partition.isEnded
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
        await withoutPlace { _ = await pause(for: duration, in: partition) }
        return !partition.isEnded && !Task.isCancelled
    }

    /// Waits; the end of the partition or the worker ends the wait.
    ///
    /// - Returns: whether the worker goes on with the partition.
    func pause(for duration: Duration, in partition: PartitionStream) async -> Bool {
        let clock = options.clock
        let sleeping = Task { try await clock.sleep(duration) }
        let watch = partition.onEnd { sleeping.cancel() }
        defer { partition.forget(watch) }
        await withTaskCancellationHandler {
            _ = await sleeping.result
        } onCancel: {
            sleeping.cancel()
        }
        return !partition.isEnded && !Task.isCancelled
    }
}

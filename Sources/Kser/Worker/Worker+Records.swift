import Synchronization

// How the records of a partition are put to work.
extension Worker {
    /// Runs the records of a partition until it is taken away. What is in work then is cancelled when the consumer waits for
    /// it no more.
    func work(_ partition: PartitionStream) async throws {
        let earlier = partitions.withLock { partitions in
            defer { partitions[ObjectIdentifier(partition)] = partition }
            return partitions.values.filter { $0.place == partition.place }
        }
        defer { _ = partitions.withLock { $0.removeValue(forKey: ObjectIdentifier(partition)) } }
        await listener?.ready()
        try checkNames(of: partition.topic)
        await crashes?.open(partition)
        controller.monitor?.partitionBegan(partition, of: self)
        defer { controller.monitor?.partitionEnded(partition, of: self) }
        transactor?.open(partition)
        defer { transactor?.close(partition) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                switch self.concurrency.mode {
                case .partition: try await self.workInOrder(partition, after: earlier)
                case .key, .unordered: try await self.workInLanes(partition, after: earlier)
                }
            }
            // Whichever ends first ends the other.
            group.addTask { try? await partition.giveUp.value() }
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func workInOrder(_ partition: PartitionStream, after earlier: [PartitionStream]) async throws {
        let unconfirmed = Self.makeUnconfirmed()
        try await withUninterruptedGroup { group in
            var records = partition.makeAsyncIterator()
            while await mayGoOn(with: partition), let record = try await records.next() {
                guard await isDue(record, of: partition) else { continue }
                if partition.isPaused { await partition.flowing() }
                await transactor?.begin(record, of: partition)
                guard let settlement = await handle(record, of: partition, after: earlier) else { continue }
                await unconfirmed.take(record.footprint, of: partition)
                group.addTask {
                    await self.confirm(settlement, of: partition)
                    unconfirmed.giveBack(record.footprint)
                }
            }
        }
    }

    /// Gives each key a lane while it has work. A lane begins when a handler is free, so there are never more tasks than
    /// handlers and unconfirmed results; what waits in lanes is bounded, the rest waits in the partition's buffer.
    private func workInLanes(_ partition: PartitionStream, after earlier: [PartitionStream]) async throws {
        let lanes = Lanes()
        let unconfirmed = Self.makeUnconfirmed()
        let distance = max(options.maxUncommitted, 2 * min(concurrency.limit, .max / 2))
        try await withUninterruptedGroup { group in
            var records = partition.makeAsyncIterator()
            while await mayGoOn(with: partition), let record = try await records.next() {
                guard await isDue(record, of: partition) else { continue }
                await transactor?.begin(record, of: partition)
                await partition.approach(record, within: distance)
                let key = concurrency.mode == .key ? record.key : nil
                if let key, await !lanes.enter(record, key: key, of: partition) { continue }
                await takePlace(for: record.offset, of: partition)
                group.addTask {
                    var current: Record? = record
                    while let record = current {
                        if let settlement = await self.handle(record, of: partition, after: earlier) {
                            await self.confirm(settlement, of: partition, unconfirmed)
                        } else {
                            self.handlers.giveBack()
                        }
                        current = key.flatMap { lanes.next(key: $0) }
                        if let current { await self.takePlace(for: current.offset, of: partition) }
                    }
                }
            }
        }
    }

    /// Gives a handler's place back as soon as what is to be acknowledged has one, and completes the record.
    @inline(never)
    private func confirm(
        _ settlement: Boxed<Settlement>,
        of partition: PartitionStream,
        _ unconfirmed: Permits
    ) async {
        let size = settlement.value.record.footprint
        await unconfirmed.take(size, of: partition)
        handlers.giveBack()
        await confirm(settlement, of: partition)
        unconfirmed.giveBack(size)
    }

    /// For what was handled and is not acknowledged, of one partition.
    private static func makeUnconfirmed() -> Permits { Permits(1_000, bytes: 16 << 20) }

    /// Takes a handler's place, but none while the partition is paused.
    @inline(never)
    private func takePlace(for offset: Int64, of partition: PartitionStream) async {
        await handlers.take(for: offset, of: partition)
        while partition.isPaused, !partition.isEnded, !Task.isCancelled {
            handlers.giveBack()
            await partition.flowing()
            await handlers.take(for: offset, of: partition)
        }
    }

    /// Waits until the record is in work no more in earlier assignments of its partition to this worker.
    ///
    /// - Returns: false when it still is, since the partition or the worker ended: it would run twice at once.
    func isLeft(_ record: Record, by earlier: [PartitionStream], to partition: PartitionStream) async -> Bool {
        for stream in earlier where stream.isInWork(record.offset) {
            await withoutPlace(in: partition) { await stream.ended(record.offset, or: partition) }
        }
        return !earlier.contains { $0.isInWork(record.offset) }
    }

    /// Waits without a handler's place.
    func withoutPlace(in partition: PartitionStream, _ wait: () async -> Void) async {
        if concurrency.mode == .partition { return await wait() }
        handlers.giveBack()
        await wait()
        await handlers.take(of: partition)
    }

    /// A group whose tasks go on when the body fails: what is in work when a consumer fails is finished all the same.
    private func withUninterruptedGroup(_ body: (inout DiscardingTaskGroup) async throws -> Void) async throws {
        let failure = await withDiscardingTaskGroup { group -> (any Error)? in
            do {
                try await body(&group)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }
}

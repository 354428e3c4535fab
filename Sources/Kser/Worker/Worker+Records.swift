import Synchronization

// How the records of a partition are put to work.
extension Worker {
    /// Runs the records of a partition until it is taken away.
    func work(_ partition: PartitionStream) async throws {
        partitions.withLock { $0[ObjectIdentifier(partition)] = partition }
        defer { _ = partitions.withLock { $0.removeValue(forKey: ObjectIdentifier(partition)) } }
        await listener?.ready()
        try checkNames(of: partition.topic)
        await crashes?.open(partition)
        controller.monitor?.partitionBegan(partition, of: self)
        defer { controller.monitor?.partitionEnded(partition, of: self) }
        transactor?.open(partition)
        defer { transactor?.close(partition) }
        switch concurrency.mode {
        case .partition: try await workInOrder(partition)
        case .key, .unordered: try await workInLanes(partition)
        }
    }

    private func workInOrder(_ partition: PartitionStream) async throws {
        let unconfirmed = Permits(1_000)
        try await withUninterruptedGroup { group in
            var records = partition.makeAsyncIterator()
            while await mayGoOn(), let record = try await records.next() {
                guard await isDue(record, of: partition) else { continue }
                if partition.isPaused { await partition.flowing() }
                await transactor?.begin(record, of: partition)
                guard let settlement = await handle(record, of: partition) else { continue }
                await unconfirmed.take()
                group.addTask {
                    await self.confirm(settlement, of: partition)
                    unconfirmed.giveBack()
                }
            }
        }
    }

    /// Gives each key a lane while it has work. A lane begins when a handler is free, so there are never more tasks than
    /// handlers; what waits in lanes is bounded, the rest waits in the partition's buffer.
    private func workInLanes(_ partition: PartitionStream) async throws {
        let lanes = Lanes()
        let waiting = Permits(1_024)
        try await withUninterruptedGroup { group in
            var records = partition.makeAsyncIterator()
            while await mayGoOn(), let record = try await records.next() {
                guard await isDue(record, of: partition) else { continue }
                await transactor?.begin(record, of: partition)
                await waiting.take()
                let key = concurrency.mode == .key ? record.key : nil
                if let key, !lanes.enter(record, key: key) { continue }
                await takePlace(for: partition)
                group.addTask {
                    var current: Record? = record
                    while let record = current {
                        let settlement = await self.handle(record, of: partition, in: lanes)
                        self.handlers.giveBack()
                        if let settlement { await self.confirm(settlement, of: partition) }
                        waiting.giveBack()
                        current = key.flatMap { lanes.next(key: $0) }
                        if current != nil { await self.takePlace(for: partition) }
                    }
                }
            }
        }
    }

    /// Takes a handler's place, but none while the partition is paused.
    private func takePlace(for partition: PartitionStream) async {
        await handlers.take()
        while partition.isPaused, !partition.isEnded, !Task.isCancelled {
            handlers.giveBack()
            await partition.flowing()
            await handlers.take()
        }
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

    /// Whether a record's handler is still to run.
    ///
    /// When the partition was taken away, records behind those that have begun wait for their next owner. One between
    /// them is run, as long as the drain deadline lets it: it would hold the commit back, and the later ones that are
    /// done would be delivered again.
    func mayBegin(_ record: Record, of partition: PartitionStream, in lanes: Lanes?) -> Bool {
        if Task.isCancelled || partition.isReleased { return false }
        return lanes?.begin(record.offset, of: partition) ?? !partition.isEnded
    }
}

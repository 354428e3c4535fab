// How records begin and end when messages may be duplicates of one another.
extension Worker {
    /// Runs a record's handler. While a duplicate of its message is in work it waits, without a handler's place.
    ///
    /// - Returns: what became of it; a duplicate that is still in work when the worker does not go on with the record.
    func perform(_ record: Record, attempt: Int = 1, of partition: PartitionStream) async -> Dispatch {
        if options.operations == nil { return await performInPlace(record, attempt, partition) }
        let place = HandlerPlace(record, of: partition, in: self)
        let dispatch = await HandlerPlace.$current.withValue(place) {
            await performInPlace(record, attempt, partition)
        }
        await place.end()
        return dispatch
    }

    @inline(__always)
    private func performInPlace(_ record: Record, _ attempt: Int, _ partition: PartitionStream) async -> Dispatch {
        await dispatch(record, attempt: attempt, under: terms(in: partition))
    }

    private func terms(in partition: PartitionStream) -> Arrival.Terms? {
        guard var supervision = terms?.supervision else { return terms }
        supervision.partition = partition
        supervision.aside = { await self.withoutPlace(in: partition, $0) }
        return Arrival.Terms(supervision, terms?.writer)
    }

    /// Ends a record whose message is a duplicate.
    func pass(
        over record: Record,
        _ dispatch: Dispatch,
        _ duplicate: Deduplicator.Duplicate,
        of partition: PartitionStream
    ) -> Boxed<Settlement>? {
        switch duplicate {
        case .handled:
            deduplicator?.passOver(record, dispatch.message)
            partition.complete(record)
        case .inWork: partition.abandon(record)
        }
        return nil
    }

    /// Completes a record.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - partition: its partition.
    ///   - isDone: whether its message was handled with success, and duplicates of it are to be passed over.
    func complete(_ record: Record, of partition: PartitionStream, isDone: Bool) async {
        if let deduplicator { await deduplicator.settle(record, of: partition, isDone: isDone) }
        partition.complete(record)
    }

    /// Gives a record up: it is delivered again.
    func abandon(_ record: Record, of partition: PartitionStream) {
        deduplicator?.release(record, of: partition)
        if let transactor { transactor.giveUp(record, of: partition) } else { partition.abandon(record) }
    }
}

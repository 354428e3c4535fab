import Synchronization

extension PartitionStream {
    /// The partition.
    public var place: TopicPartition { TopicPartition(topic: topic, partition: partition) }

    /// Stops handing out records, until ``resume()`` is called or the partition is taken away.
    ///
    /// Records that were handed out are not affected: their work goes on, and what is completed is committed. The consumer
    /// stays a member of its group and reads ahead until the buffers are full. Assigned anew, the partition is not paused.
    public func pause() { hold(.byItself) }

    /// Hands out records again, unless the whole consumer is paused. Nothing was lost and the order is kept.
    public func resume() { letGo(.byItself) }

    /// Whether no records are handed out, because the partition or its consumer is paused.
    public var isPaused: Bool { flags.load(ordering: .acquiring) & (Hold.byItself.rawValue | Hold.all.rawValue) != 0 }

    /// Who holds the records back.
    package enum Hold: UInt8 {
        case byItself = 2
        /// The consumer holds all its partitions.
        case all = 4
    }

    package func hold(_ hold: Hold) {
        state.withLock { _ in _ = flags.bitwiseOr(hold.rawValue, ordering: .releasing) }
    }

    package func letGo(_ hold: Hold) {
        let (resumption, aside) = state.withLock { state -> (Promise<Void>?, Int) in
            flags.bitwiseAnd(~hold.rawValue, ordering: .releasing)
            if isPaused { return (nil, 0) }
            defer { state.resumption = Promise() }
            return (state.resumption, state.aside.count)
        }
        resumption?.keep()
        // The iterator looks this often for a batch that was set aside.
        for _ in 0..<aside { inbox.offer(PartitionBatch(stream: self, records: [], bytes: 0)) }
    }

    /// Puts the rest of a batch that was begun back, to be handed out first when the partition is resumed.
    ///
    /// - Returns: false when the partition is not paused, and nothing was put back.
    func setAside(_ batch: PartitionBatch, from index: Int) -> Bool {
        state.withLock { state in
            if !isPaused || isEnded { return false }
            let rest = PartitionBatch(stream: self, records: Array(batch.records[index...]))
            state.ledger.withdraw(from: batch.records[index].offset)
            state.buffer(rest.records.count, rest.bytes, in: budget)
            state.aside.insert(rest, at: 0)
            return true
        }
    }

    /// Waits until the partition is not paused any more; its end and the cancellation of the task end the wait.
    func flowing() async {
        let resumption = state.withLock { state in isPaused && !isEnded ? state.resumption : nil }
        try? await resumption?.value()
    }
}

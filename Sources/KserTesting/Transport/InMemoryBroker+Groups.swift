import Kser
import Synchronization

extension InMemoryBroker {
    func join(_ consumer: InMemoryConsumer) {
        state.withLock { state in
            for topic in consumer.topics { state.createTopic(topic, partitions: 1) }
            state.groups[consumer.group, default: Group()].members.append(consumer)
        }
        rebalance(consumer.group)
    }

    func leave(_ consumer: InMemoryConsumer) {
        state.withLock { state in
            state.groups[consumer.group]?.members.removeAll { $0 === consumer }
        }
        rebalance(consumer.group)
        concludeIfEmpty(consumer)
    }

    /// Commits what is completed in the partitions that a consumer reads.
    func commit(_ consumer: InMemoryConsumer) throws {
        try state.withLock { state in
            let streams = state.groups[consumer.group]?.readings.values.filter { $0.consumer === consumer } ?? []
            try state.commit(streams.map(\.stream), of: consumer.group)
        }
    }

    /// Takes a partition back whose stream ended and that waits for nothing more; its next owner may begin.
    func release(_ stream: PartitionStream, of consumer: InMemoryConsumer) {
        let isReleased = state.withLock { state -> Bool in
            guard state.groups[consumer.group]?.readings[stream.place]?.stream === stream else { return false }
            stream.release()
            // What is refused now is delivered again.
            try? state.commit([stream], of: consumer.group)
            state.groups[consumer.group]?.readings.removeValue(forKey: stream.place)?.deadline?.cancel()
            return true
        }
        if isReleased {
            rebalance(consumer.group)
            concludeIfEmpty(consumer)
        }
    }

    /// Takes all partitions of a consumer away as they are.
    func lose(_ consumer: InMemoryConsumer) {
        let lost = state.withLock { state -> [Reading] in
            let readings = state.groups[consumer.group]?.readings ?? [:]
            let lost = readings.filter { $0.value.consumer === consumer }
            for place in lost.keys { state.groups[consumer.group]?.readings[place] = nil }
            return Array(lost.values)
        }
        for reading in lost {
            reading.deadline?.cancel()
            reading.stream.release()
            reading.stream.end()
        }
        rebalance(consumer.group)
        concludeIfEmpty(consumer)
    }

    private func concludeIfEmpty(_ consumer: InMemoryConsumer) {
        let isGone = state.withLock { state in
            guard let group = state.groups[consumer.group] else { return true }
            return !group.members.contains { $0 === consumer }
                && !group.readings.values.contains { $0.consumer === consumer }
        }
        if isGone { consumer.closed() }
    }

    /// Gives free partitions to their owners and takes away those that belong to another.
    private func rebalance(_ group: String) {
        let (revoked, assigned) = state.withLock { $0.rebalance(group) }
        for reading in assigned { reading.consumer.hub.announce(reading.stream) }
        for reading in revoked where !reading.stream.isEnded {
            reading.stream.end()
            if reading.stream.inFlight == 0 {
                release(reading.stream, of: reading.consumer)
            } else {
                setDeadline(reading)
            }
        }
        feed()
    }

    private func setDeadline(_ reading: Reading) {
        let (stream, consumer) = (reading.stream, reading.consumer)
        let deadline = Task { [clock] in
            do { try await clock.sleep(consumer.drainTimeout) } catch { return }
            release(stream, of: consumer)
        }
        let isKept = state.withLock { state in
            guard state.groups[consumer.group]?.readings[stream.place]?.stream === stream else { return false }
            state.groups[consumer.group]?.readings[stream.place]?.deadline = deadline
            return true
        }
        if !isKept { deadline.cancel() }
    }
}

extension BrokerState {
    /// Commits what is completed in the streams, all or nothing.
    mutating func commit(_ streams: [PartitionStream], of group: String) throws {
        var offsets: [TopicPartition: Int64] = [:]
        var taken: [PartitionStream] = []
        for stream in streams {
            guard let offset = stream.takeCommittable() else { continue }
            offsets[stream.place] = offset
            taken.append(stream)
        }
        do {
            try groups[group]?.commit(offsets)
        } catch {
            for stream in taken { stream.commitFailed() }
            throw error
        }
    }

    /// Makes streams for the partitions that are free, and tells which ones have to be given up first.
    mutating func rebalance(_ group: String) -> (revoked: [Reading], assigned: [Reading]) {
        let wanted = owners(in: group)
        var readings = groups[group]?.readings ?? [:]
        let revoked = readings.filter { wanted[$0.key] !== $0.value.consumer }.map(\.value)
        var assigned: [Reading] = []
        for (place, consumer) in wanted where readings[place] == nil {
            let reading = Reading(
                stream: consumer.hub.makeStream(topic: place.topic, partition: place.partition, owner: consumer),
                consumer: consumer,
                position: Int(groups[group]?.committed[place] ?? 0)
            )
            readings[place] = reading
            assigned.append(reading)
        }
        groups[group]?.readings = readings
        return (revoked, assigned)
    }

    /// Who is to read each partition: the partitions in turn over the members that want their topic.
    func owners(in group: String) -> [TopicPartition: InMemoryConsumer] {
        var owners: [TopicPartition: InMemoryConsumer] = [:]
        let members = groups[group]?.members ?? []
        for (topic, partitions) in topics {
            let readers = members.filter { $0.topics.contains(topic) }
            if readers.isEmpty { continue }
            for partition in partitions.indices {
                owners[TopicPartition(topic, Int32(partition))] = readers[partition % readers.count]
            }
        }
        return owners
    }
}

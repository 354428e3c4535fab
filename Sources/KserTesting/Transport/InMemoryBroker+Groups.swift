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
    func commit(_ consumer: InMemoryConsumer) {
        state.withLock { state in
            for (place, reading) in state.groups[consumer.group]?.readings ?? [:] where reading.consumer === consumer {
                if let offset = reading.stream.takeCommittable() {
                    state.groups[consumer.group]?.committed[place] = offset
                }
            }
        }
    }

    /// Takes a partition back whose stream ended and has nothing in work; its next owner may begin.
    func released(_ stream: PartitionStream, by consumer: InMemoryConsumer) {
        let place = TopicPartition(stream.topic, stream.partition)
        let isReleased = state.withLock { state -> Bool in
            guard state.groups[consumer.group]?.readings[place]?.stream === stream else { return false }
            if let offset = stream.takeCommittable() { state.groups[consumer.group]?.committed[place] = offset }
            state.groups[consumer.group]?.readings[place] = nil
            return true
        }
        if isReleased {
            rebalance(consumer.group)
            concludeIfEmpty(consumer)
        }
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
            if reading.stream.inFlight == 0 { released(reading.stream, by: reading.consumer) }
        }
        feed()
    }
}

extension BrokerState {
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

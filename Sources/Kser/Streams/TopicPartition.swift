/// A partition of a topic.
public struct TopicPartition: Sendable, Hashable {
    /// The topic's name.
    public var topic: String
    /// The partition's number.
    public var partition: Int32

    /// Names a partition.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }
}

extension TopicPartition: CustomStringConvertible {
    /// `topic[partition]`, as log lines name it.
    public var description: String { "\(topic)[\(partition)]" }
}

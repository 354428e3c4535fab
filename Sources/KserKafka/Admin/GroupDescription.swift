/// A consumer group as its coordinator describes it.
public struct GroupDescription: Sendable, Hashable {
    /// The group's id.
    public var name: String
    /// Its state in Kafka's words: `Stable`, `Empty`, `PreparingRebalance` and so on.
    public var state: String
    /// How many members it has.
    public var members: Int
}

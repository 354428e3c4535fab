/// What travels in a Kafka record: which entrypoint to run, with which params (kser: `Message`).
public struct Message: Sendable, Hashable {
    /// The task's uuid: any text.
    public var uuid: String
    /// The name that the entrypoint is registered under, such as `dice.DiceRoll`.
    public var entrypoint: String
    /// The task's parameters; a received message keeps them undecoded until they are asked for.
    public var params: JSONObject
    /// The result of what ran before; a fresh one for a first task.
    public var result: ExecutionResult
    /// Data about the message, such as trace carriers; it travels with every message of a task.
    public var metadata: JSONObject

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - uuid: the task's uuid; nil makes a random one.
    ///   - entrypoint: the name of the entrypoint to run.
    ///   - params: its parameters.
    ///   - result: the result of what ran before; nil makes a fresh one with the message's uuid.
    ///   - metadata: data about the message.
    public init(
        uuid: String? = nil,
        entrypoint: String,
        params: JSONObject = [:],
        result: ExecutionResult? = nil,
        metadata: JSONObject = [:]
    ) {
        let uuid = uuid ?? .randomUUID()
        self.uuid = uuid
        self.entrypoint = entrypoint
        self.params = params
        self.result = result ?? ExecutionResult(uuid: uuid)
        self.metadata = metadata
    }
}

extension Message: CustomStringConvertible {
    /// `entrypoint[uuid]`, as kser's log lines name a message.
    public var description: String { "\(entrypoint)[\(uuid)]" }
}

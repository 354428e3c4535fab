/// Cancels tasks by their uuid, wherever they run or wait; see ``Cancellations``.
///
/// What it sends is a message like any other: the task's uuid, the entrypoint `kser.control.Cancel` and a `reason` among
/// its params. So a codec that seals messages seals it too, and a Python peer can send it with kser's `Producer`.
public struct TaskCanceller: Sendable {
    /// The entrypoint of a cancellation.
    static let entrypoint = "kser.control.Cancel"

    /// The control topic, which the workers read.
    public var topic: String
    private let producer: any MessageProducer

    /// Makes a canceller that writes into a control topic.
    public init(topic: String, with producer: any MessageProducer) {
        self.topic = topic
        self.producer = producer
    }

    /// Cancels a task. It returns when the control topic has the cancellation, which may be before the workers do.
    ///
    /// - Parameters:
    ///   - uuid: the task's uuid.
    ///   - reason: what its result says.
    /// - Throws: ``KserError`` `validation` for an empty uuid; why the cancellation was not delivered.
    public func cancel(_ uuid: String, reason: String = "") async throws {
        if uuid.isEmpty { throw KserError.validation("A task to cancel needs a uuid; it is empty") }
        let message = Message(uuid: uuid, entrypoint: Self.entrypoint, params: ["reason": .string(reason)])
        try await producer.send(message, to: topic, key: Array(uuid.utf8))
    }
}

// Holding a worker back without ending it.
extension Worker {
    /// Takes no further records, until ``resume()``. Handlers that run go on, with their retries in place, and what they
    /// complete is committed; the worker keeps its partitions. Partitions that it gets meanwhile are paused too.
    public func pause() {
        if !consumer.isPaused { log(.warning, "Consumer is paused") }
        consumer.pause()
    }

    /// Takes records again, after ``pause()``. Partitions that are paused by themselves stay so.
    public func resume() {
        if consumer.isPaused { log(.info, "Consumer is resumed") }
        consumer.resume()
    }

    /// Whether ``pause()`` holds the worker back.
    public var isPaused: Bool { consumer.isPaused }

    /// Takes no further records of some partitions that the worker has now, until ``resume(_:)``. That ends when a
    /// partition is taken away: one that comes back, here or elsewhere, is not paused.
    ///
    /// - Returns: those that the worker has; others are passed over.
    @discardableResult
    public func pause(_ partitions: [TopicPartition]) -> [TopicPartition] { consumer.pause(partitions) }

    /// Takes records of these partitions again.
    ///
    /// - Returns: those that the worker has; others are passed over.
    @discardableResult
    public func resume(_ partitions: [TopicPartition]) -> [TopicPartition] { consumer.resume(partitions) }
}

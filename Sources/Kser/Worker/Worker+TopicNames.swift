// The names of the topics that a worker sends to, which are made of those that it reads.
extension Worker {
    /// Checks the names that are known before the worker reads.
    ///
    /// - Throws: ``KserError`` for one that is longer than Kafka takes.
    func checkNames() throws {
        if let topic = options.replies?.topic { try check(topic, "Replies(to:)") }
        for topic in consumer.subscribedTopics ?? [] where !topic.hasPrefix("^") { try checkNames(of: topic) }
    }

    /// Checks the names that are made of a topic's; a regular expression tells no topics before they are assigned.
    func checkNames(of topic: String) throws {
        if let retries = options.retries?.topics, !topic.contains(retries.infix) {
            for name in retries.names(for: topic) { try check(name, "RetryTopics(infix:)") }
        }
        if let letters = options.deadLetters { try check(topic + letters.suffix, "DeadLetterTopic(suffix:)") }
    }

    private func check(_ name: String, _ setting: String) throws {
        let length = name.utf8.count
        if (1...249).contains(length) { return }
        throw KserError.configuration(
            "A topic's name has 1 to 249 characters, and \"\(name.bounded)\" has \(length): change \(setting), or the topic"
        )
    }
}

import Foundation

/// A real Python kser on the other side of the broker (`Tests/Support/peers`).
package enum PythonPeer {
    /// A running worker.
    package final class Worker: Sendable {
        /// What it did, as it says itself when it ends.
        package struct Report: Decodable, Sendable {
            package var consumed: Int
            package var seconds: Double
            package var perSecond: Double?
            package var cpuSeconds: Double
            package var perCPUSecond: Double?

            private enum CodingKeys: String, CodingKey {
                case consumed, seconds
                case perSecond = "per_second"
                case cpuSeconds = "cpu_seconds"
                case perCPUSecond = "per_cpu_second"
            }
        }

        private let process: ChildProcess

        fileprivate init(_ process: ChildProcess) { self.process = process }

        /// Waits until it has handled `maximum` messages and left.
        package func finish(within duration: Duration) async throws -> Report {
            let output = try await process.success(within: duration)
            return try JSONDecoder().decode(Report.self, from: Data((output.lines.last ?? "").utf8))
        }

        /// Ends it as Ctrl-C does.
        package func stop(within duration: Duration = .seconds(20)) async throws -> Report {
            process.interrupt()
            return try await finish(within: duration)
        }
    }

    /// The Kafka client under the Python kser.
    package enum Driver: String, Sendable, CaseIterable {
        case confluent
        case kafkaPython = "kafka-python"
    }

    /// Starts a worker with the entrypoints of `py_worker.py`, and waits until it has subscribed.
    ///
    /// - Parameters:
    ///   - bootstrapServers: the broker's address.
    ///   - topic: the topic with the tasks.
    ///   - results: the topic that results go to, as messages; none without.
    ///   - group: its consumer group.
    ///   - driver: the client it uses.
    ///   - key: the key of kser-crypto, which opens the tasks; nil takes them in clear. It knows `kafkaPython` alone.
    ///   - maximum: leave after this many messages.
    ///   - configuration: further settings in the driver's own names, as JSON. Without, confluent's reads little ahead:
    ///     on noida-db it would spin beside the Python thread until it has its 100,000 messages.
    /// - Returns: the worker, which ends with the value.
    /// - Throws: ``MissingComponent``, ``UnexpectedEnd``, ``DeadlineExceeded``.
    package static func worker(
        on bootstrapServers: String,
        topic: String,
        results: String? = nil,
        group: String,
        driver: Driver = .confluent,
        key: String? = nil,
        maximum: Int? = nil,
        configuration: String? = nil
    ) async throws -> Worker {
        let configuration = configuration ?? (driver == .confluent ? #"{"queued.min.messages": 10}"# : "{}")
        let process = try run(
            "py_worker.py",
            ["--bootstrap", bootstrapServers, "--topic", topic, "--results", results ?? "", "--group", group]
                + ["--driver", driver.rawValue, "--max", "\(maximum ?? 0)", "--config", configuration],
            key: key
        )
        _ = try await process.line(within: .seconds(30))  // {"ready": true, …}
        return Worker(process)
    }

    /// Sends messages through the Python kser's producer.
    ///
    /// - Parameters:
    ///   - messages: JSON objects with `uuid`, `entrypoint`, `params` and `metadata`.
    ///   - topic: the topic to send to.
    ///   - bootstrapServers: the broker's address.
    ///   - driver: the client it uses.
    ///   - key: the key of kser-crypto, which seals them; nil sends them in clear. It knows `kafkaPython` alone.
    /// - Throws: ``UnexpectedEnd`` with the messages that were not sent.
    package static func send(
        _ messages: [String],
        to topic: String,
        on bootstrapServers: String,
        driver: Driver = .confluent,
        key: String? = nil
    ) async throws {
        let directory = try TemporaryDirectory("messages")
        try directory.write(messages.map { $0 + "\n" }.joined(), to: "lines")
        try await run(
            "py_tasks.py",
            ["send", "--bootstrap", bootstrapServers, "--topic", topic, "--driver", driver.rawValue],
            key: key,
            input: directory.url.appending(path: "lines")
        ).success(within: .seconds(60))
    }

    /// Sends one message many times, with fresh uuids, in bulk.
    package static func send(
        _ count: Int,
        _ entrypoint: String,
        params: String = "{}",
        to topic: String,
        on bootstrapServers: String
    ) async throws {
        try await run(
            "py_producer.py",
            ["send", "--bootstrap", bootstrapServers, "--topic", topic, "--bulk"]
                + ["--entrypoint", entrypoint, "--params", params, "--count", "\(count)"]
        ).success(within: .seconds(60))
    }

    /// Reads result messages from the beginning of a topic, as the Python kser understands them.
    ///
    /// - Returns: a JSON text each, with sorted keys: equal messages are equal texts.
    /// - Throws: ``UnexpectedEnd`` when one is no message, or when there are too few.
    package static func results(
        _ count: Int,
        from topic: String,
        on bootstrapServers: String
    ) async throws -> [String] {
        try await run(
            "py_tasks.py",
            ["results", "--bootstrap", bootstrapServers, "--topic", topic, "--count", "\(count)"]
        ).success(within: .seconds(90)).lines
    }

    /// Creates topics with a client that is not ours.
    ///
    /// - Parameters:
    ///   - topics: the number of partitions by name.
    ///   - bootstrapServers: the broker's address.
    /// - Throws: ``UnexpectedEnd`` with the client's words, such as that a topic exists already.
    package static func createTopics(_ topics: [String: Int], on bootstrapServers: String) async throws {
        try await run(
            "py_tasks.py",
            ["create"] + topics.map { "\($0):\($1)" } + ["--bootstrap", bootstrapServers]
        ).success(within: .seconds(60))
    }

    /// Sends values in a transaction that is aborted once they are delivered.
    package static func abortTransaction(_ values: [String], to topic: String, on bootstrapServers: String) async throws
    {
        try await run(
            "py_tasks.py",
            ["abort"] + values + ["--bootstrap", bootstrapServers, "--topic", topic]
        ).success(within: .seconds(60))
    }

    /// Sends values in a transaction that stays open until the process that is returned ends.
    package static func openTransaction(
        _ values: [String],
        to topic: String,
        on bootstrapServers: String
    ) async throws -> ChildProcess {
        let process = try run(
            "py_tasks.py",
            ["open"] + values + ["--bootstrap", bootstrapServers, "--topic", topic]
        )
        while try await process.line(within: .seconds(60)) != "open" {}
        return process
    }

    /// Waits until a consumer group is stable and each of its `count` members holds partitions.
    package static func members(_ count: Int, of group: String, on bootstrapServers: String) async throws {
        try await run(
            "py_tasks.py",
            ["members", "--bootstrap", bootstrapServers, "--group", group, "--count", "\(count)"]
        ).success(within: .seconds(90))
    }

    private static func run(
        _ script: String,
        _ arguments: [String],
        key: String? = nil,
        input: URL? = nil
    ) throws -> ChildProcess {
        // kser keeps its running, pause and terminate files there.
        let lockPath = try lockPaths.get().url.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: lockPath, withIntermediateDirectories: false)
        return try ChildProcess(
            Components.python(),
            [Components.support("peers/\(script)")] + arguments + (key == nil ? [] : ["--crypto"]),
            environment: ["LOCK_PATH": lockPath.path(), "KSER_SECRETBOX_KEY": key ?? ""],
            input: input
        )
    }

    private static let lockPaths = Result { try TemporaryDirectory("python") }
}

extension PythonPeer {
    /// A span of jaeger-client's tracer, its numbers in hexadecimal digits.
    package struct Span: Decodable, Sendable {
        package var trace: String
        package var span: String
        package var parent: String
    }

    /// What a Python reader made of an answer.
    package struct Answer: Decodable, Sendable {
        /// A child of what the headers carry.
        package var headers: Span
        /// A child of what the metadata carry.
        package var carrier: Span?
    }

    /// Sends a task of dice.DiceLaunch in a span of jaeger-client's tracer.
    ///
    /// - Parameters:
    ///   - topic: the topic to send to.
    ///   - carrier: how the context travels: `headers`, `tracing` or `parent-span`.
    ///   - bootstrapServers: the broker's address.
    /// - Returns: the span.
    /// - Throws: ``UnexpectedEnd``, ``DeadlineExceeded``.
    package static func sendTraced(
        to topic: String,
        carrier: String,
        on bootstrapServers: String
    ) async throws -> Span {
        let output = try await run(
            "py_trace.py",
            ["send", "--bootstrap", bootstrapServers, "--topic", topic, "--carrier", carrier]
        ).success(within: .seconds(60))
        return try JSONDecoder().decode(Span.self, from: Data((output.lines.last ?? "").utf8))
    }

    /// Reads an answer, and starts spans as children of what it carries.
    package static func readTraced(from topic: String, on bootstrapServers: String) async throws -> Answer {
        let output = try await run(
            "py_trace.py",
            ["read", "--bootstrap", bootstrapServers, "--topic", topic]
        ).success(within: .seconds(90))
        return try JSONDecoder().decode(Answer.self, from: Data((output.lines.last ?? "").utf8))
    }
}

import Foundation
import Kser
import KserKafka

/// The cluster that the options and the environment name.
struct Cluster {
    private let environment: [String: String]
    private let properties: [String: String]
    private let timeout: Duration

    // The servers are given when they are not the user's to name.
    init(_ arguments: Arguments, servers: String? = nil) throws {
        var environment = ProcessInfo.processInfo.environment
        environment["KSER_BOOTSTRAP_SERVERS"] =
            servers ?? arguments.text("bootstrap-servers") ?? Self.environmentServers
        if environment["KSER_BOOTSTRAP_SERVERS"] == nil {
            throw UsageError(
                "the brokers are not named: give --bootstrap-servers HOST:PORT or set KSER_BOOTSTRAP_SERVERS"
            )
        }
        self.environment = environment
        let lines = try arguments.text("properties").map { try SecretFile.lines(of: $0) } ?? []
        properties = try
            (lines.map { ($0, "a line of --properties") } + arguments.all("property").map { ($0, "--property") })
            .reduce(into: [:]) { properties, word in
                let (name, value) = try Arguments.pair(word.0, of: word.1)
                properties[name] = value
            }
        timeout = .seconds(try arguments.decimal("timeout") ?? 30)
    }

    /// The brokers that the environment names.
    static var environmentServers: String? {
        let servers = ProcessInfo.processInfo.environment["KSER_BOOTSTRAP_SERVERS"] ?? ""
        return servers.isEmpty ? nil : servers
    }

    private func consumerConfiguration(group: String) throws -> ConsumerConfiguration {
        var configuration = try ConsumerConfiguration.fromEnvironment(
            environment.merging(["KSER_GROUP_ID": group]) { $1 }
        )
        configuration.additional = properties
        configuration.connectTimeout = timeout
        return configuration
    }

    func producer(codec: any MessageCodec) throws -> Producer {
        var configuration = try ProducerConfiguration.fromEnvironment(environment)
        configuration.additional = properties
        configuration.linger = .milliseconds(5)
        configuration.deliveryTimeout = timeout
        return try Producer(configuration, codec: codec)
    }

    func consumer(_ topic: String, group: String) throws -> Consumer {
        try Consumer(consumerConfiguration(group: group), topics: [topic])
    }

    func admin() throws -> Admin { try Admin(consumerConfiguration(group: "kser"), timeout: timeout) }

    func reader() throws -> KafkaTopicReader {
        try KafkaTopicReader(consumerConfiguration(group: "kser"), timeout: timeout)
    }
}

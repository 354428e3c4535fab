import KserKafka
import TestSupport

/// A broker to measure on.
enum Broker {
    /// noida-db: a process of its own, reached over TCP.
    case noida(NoidaBroker)
    /// The one in this process, which keeps about 5 MB a partition.
    case embedded(EmbeddedBroker)

    var bootstrapServers: String {
        switch self {
        case .noida(let broker): broker.bootstrapServers
        case .embedded(let broker): broker.bootstrapServers
        }
    }

    /// noida-db when it is installed, else the embedded one.
    static func start() async throws -> Broker {
        if Installation.hasNoidaDB { return .noida(try await NoidaBroker()) }
        return .embedded(try EmbeddedBroker())
    }

    func createTopic(_ name: String, partitions: Int) async throws {
        switch self {
        case .noida(let broker):
            try await Admin(bootstrapServers: broker.bootstrapServers)
                .createTopics([NewTopic(name, partitions: partitions)])
        case .embedded(let broker): try await broker.createTopic(name, partitions: partitions)
        }
    }
}

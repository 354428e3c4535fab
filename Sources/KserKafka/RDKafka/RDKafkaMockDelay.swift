import Foundation

/// How long the mock cluster waits for further members before a group's first assignment: 3 seconds, and librdkafka before
/// 2.6 cannot be told otherwise.
enum RDKafkaMockDelay {
    private typealias Setter = @convention(c) (_ cluster: OpaquePointer, _ milliseconds: Int32) -> Void

    /// Looked up by name, since the headers of older versions lack it.
    private static let setter: Setter? = {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "rd_kafka_mock_group_initial_rebalance_delay_ms") else {
            return nil
        }
        return unsafeBitCast(symbol, to: Setter.self)
    }()

    /// Members that start together share the first assignment, and nobody waits longer, where the library allows it.
    static func shorten(_ cluster: OpaquePointer) { setter?(cluster, 100) }
}

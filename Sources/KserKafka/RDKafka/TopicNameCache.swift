internal import CLibrdkafka
import Foundation

/// Keeps the last topic's name as a `String`: consecutive messages mostly are of one topic.
struct TopicNameCache {
    private var bytes: [CChar] = []
    private var name = ""

    /// The topic's name of a message.
    mutating func name(of topic: OpaquePointer?) -> String {
        guard let topic, let pointer = rd_kafka_topic_name(topic) else { return "" }
        return name(at: pointer)
    }

    /// The name that a C string holds.
    mutating func name(at pointer: UnsafePointer<CChar>) -> String {
        // Compared by content: librdkafka uses addresses again.
        let isSame = bytes.withUnsafeBufferPointer { known in
            guard let base = known.baseAddress else { return false }
            return strcmp(base, pointer) == 0
        }
        if isSame { return name }
        name = String(cString: pointer)
        bytes = Array(name.utf8CString)
        return name
    }
}

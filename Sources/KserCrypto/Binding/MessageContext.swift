/// What a sealed message is bound to.
struct MessageContext: Sendable, Hashable {
    var topic: String
    var entrypoint: String

    /// The additional data of the seal; no two contexts have the same.
    var additionalData: [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(8 + topic.utf8.count + entrypoint.utf8.count)
        withUnsafeBytes(of: UInt64(topic.utf8.count).bigEndian) { data.append(contentsOf: $0) }
        data.append(contentsOf: topic.utf8)
        data.append(contentsOf: entrypoint.utf8)
        return data
    }
}

/// A record as a transport delivers it: where it stands in its topic, and its bytes.
public struct Record: Sendable, Hashable {
    /// A header of a record. Names may repeat; a value may be absent.
    public struct Header: Sendable, Hashable {
        /// The header's name.
        public var name: String
        /// The header's bytes, or nil.
        public var value: [UInt8]?

        /// Makes a header from bytes.
        public init(_ name: String, _ value: [UInt8]?) {
            self.name = name
            self.value = value
        }

        /// Makes a header from text, as UTF-8.
        public init(_ name: String, text: String) { self.init(name, Array(text.utf8)) }
    }

    /// The topic that the record was read from.
    public var topic: String
    /// The partition of the topic.
    public var partition: Int32
    /// How many bytes it has in all, when that is more than its reader lets in.
    package var oversize: Int32 = 0
    /// The position in the partition.
    public var offset: Int64
    /// When the record was made or appended, in milliseconds since 1970; nil when the broker keeps none.
    public var timestamp: Int64?
    /// What was left out of it, since it is larger than its reader lets in: the value first of all.
    package var cut = Cut.nothing
    /// The key, or nil.
    public var key: [UInt8]?
    /// The value: one message. Nil is a tombstone, or a value that is larger than its reader lets in.
    public var value: [UInt8]?
    /// The headers in order.
    public var headers: [Header]

    /// Makes a record.
    public init(
        topic: String,
        partition: Int32 = 0,
        offset: Int64 = 0,
        timestamp: Int64? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [Header] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }
}

extension Record {
    /// What becomes of a record whose value is not there.
    ///
    /// - Throws: ``KserError`` for a tombstone, and for what is too large.
    package func valueOrRefusal() throws(KserError) -> [UInt8] {
        if let value { return value }
        if isOversize { throw .tooLarge("The record", Int(oversize)) }
        throw .validation("The record has no value: a tombstone is not a message")
    }

    /// Whether something of it was left out since it is larger than its reader lets in.
    package var isOversize: Bool { cut != .nothing }

    /// `topic[partition]@offset`, for log lines and error texts.
    package var position: String { "\(topic)[\(partition)]@\(offset)" }

    /// The offset after this one, as a commit says it.
    package var following: Int64 { offset == .max ? .max : offset + 1 }

    /// How many bytes the content takes in memory, about: what budgets count.
    package var footprint: Int { Self.footprint(key, value, headers) }

    package static func footprint(_ key: [UInt8]?, _ value: [UInt8]?, _ headers: [Header]) -> Int {
        headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.footprint }
    }
}

extension Record.Header {
    // The smallest header takes that much for its place, name and array.
    package static let overhead = 64

    package var footprint: Int { Self.overhead + name.utf8.count + (value?.count ?? 0) }
}

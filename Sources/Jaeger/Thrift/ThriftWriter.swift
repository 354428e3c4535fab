/// The kinds of Thrift's values that Jaeger uses; each protocol has its own numbers for them.
package enum ThriftType: Sendable { case bool, double, int32, int64, string, structure, list }

/// The kind of Thrift's messages that no one answers.
package enum ThriftMessageType: UInt8, Sendable { case oneWay = 4 }

/// Writes Thrift in one of its protocols.
package protocol ThriftWriter {
    var bytes: [UInt8] { get set }

    init()

    mutating func beginMessage(_ name: String, _ type: ThriftMessageType, sequenceID: Int32)
    /// Writes the fields that the body writes, and their end.
    mutating func structure(_ body: (inout Self) -> Void)
    /// Begins a field whose value follows.
    mutating func field(_ id: Int16, _ type: ThriftType)
    mutating func field(_ id: Int16, _ value: Bool)
    mutating func beginList(_ count: Int, of type: ThriftType)
    mutating func value(_ value: Int32)
    mutating func value(_ value: Int64)
    mutating func value(_ value: Double)
    mutating func value(_ text: some Collection<UInt8>)
}

extension ThriftWriter {
    /// What the body writes.
    package static func bytes(_ body: (inout Self) -> Void) -> [UInt8] {
        var writer = Self()
        body(&writer)
        return writer.bytes
    }

    mutating func field(_ id: Int16, _ number: Int32) {
        field(id, .int32)
        value(number)
    }

    package mutating func field(_ id: Int16, _ number: Int64) {
        field(id, .int64)
        value(number)
    }

    mutating func field(_ id: Int16, _ number: Double) {
        field(id, .double)
        value(number)
    }

    mutating func field(_ id: Int16, _ text: String) {
        field(id, .string)
        value(text.utf8)
    }

    mutating func field(_ id: Int16, _ data: [UInt8]) {
        field(id, .string)
        value(data)
    }

    /// A field with a list of structures.
    mutating func field<Element>(_ id: Int16, _ list: some Collection<Element>, _ write: (inout Self, Element) -> Void)
    {
        field(id, .list)
        beginList(list.count, of: .structure)
        for element in list { write(&self, element) }
    }
}

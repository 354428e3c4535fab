/// Thrift's binary protocol: numbers of fixed size, the highest byte first.
package struct BinaryWriter: ThriftWriter {
    package var bytes: [UInt8] = []

    package init() {}

    package mutating func beginMessage(_ name: String, _ type: ThriftMessageType, sequenceID: Int32) {
        bytes.append(bigEndian: 0x8001_0000 | UInt32(type.rawValue))
        value(name.utf8)
        value(sequenceID)
    }

    package mutating func structure(_ body: (inout BinaryWriter) -> Void) {
        body(&self)
        bytes.append(0)
    }

    package mutating func field(_ id: Int16, _ type: ThriftType) {
        bytes.append(type.binary)
        bytes.append(bigEndian: id)
    }

    package mutating func field(_ id: Int16, _ value: Bool) {
        field(id, .bool)
        bytes.append(value ? 1 : 0)
    }

    package mutating func beginList(_ count: Int, of type: ThriftType) {
        bytes.append(type.binary)
        value(Int32(truncatingIfNeeded: count))
    }

    package mutating func value(_ value: Int32) { bytes.append(bigEndian: value) }
    package mutating func value(_ value: Int64) { bytes.append(bigEndian: value) }
    package mutating func value(_ value: Double) { bytes.append(bigEndian: value.bitPattern) }

    package mutating func value(_ text: some Collection<UInt8>) {
        value(Int32(truncatingIfNeeded: text.count))
        bytes += text
    }
}

extension ThriftType {
    fileprivate var binary: UInt8 {
        switch self {
        case .bool: 2
        case .double: 4
        case .int32: 8
        case .int64: 10
        case .string: 11
        case .structure: 12
        case .list: 15
        }
    }
}

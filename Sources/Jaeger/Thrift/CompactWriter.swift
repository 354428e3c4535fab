/// Thrift's compact protocol: numbers take as many bytes as they need, fields tell their distance from the one before.
package struct CompactWriter: ThriftWriter {
    package var bytes: [UInt8] = []
    private var previousField: Int16 = 0

    package init() {}

    package mutating func beginMessage(_ name: String, _ type: ThriftMessageType, sequenceID: Int32) {
        bytes += [0x82, type.rawValue << 5 | 1]
        variable(UInt64(UInt32(bitPattern: sequenceID)))
        value(name.utf8)
    }

    package mutating func structure(_ body: (inout CompactWriter) -> Void) {
        let outer = previousField
        previousField = 0
        body(&self)
        bytes.append(0)
        previousField = outer
    }

    package mutating func field(_ id: Int16, _ type: ThriftType) { field(id, type.compact) }

    package mutating func field(_ id: Int16, _ value: Bool) { field(id, value ? 1 : 2 as UInt8) }

    private mutating func field(_ id: Int16, _ type: UInt8) {
        let distance = id - previousField
        previousField = id
        if (1...15).contains(distance) {
            bytes.append(UInt8(distance) << 4 | type)
        } else {
            bytes.append(type)
            value(Int32(id))
        }
    }

    package mutating func beginList(_ count: Int, of type: ThriftType) {
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type.compact)
        } else {
            bytes.append(0xf0 | type.compact)
            variable(UInt64(count))
        }
    }

    package mutating func value(_ value: Int32) { self.value(Int64(value)) }

    package mutating func value(_ value: Int64) { variable(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    package mutating func value(_ value: Double) { bytes.append(littleEndian: value.bitPattern) }

    package mutating func value(_ text: some Collection<UInt8>) {
        variable(UInt64(text.count))
        bytes += text
    }

    private mutating func variable(_ number: UInt64) {
        bytes.append(varint: number)
    }
}

extension ThriftType {
    fileprivate var compact: UInt8 {
        switch self {
        case .bool: 1
        case .int32: 5
        case .int64: 6
        case .double: 7
        case .string: 8
        case .list: 9
        case .structure: 12
        }
    }
}

extension [UInt8] {
    /// Appends a number in groups of 7 bits, the lowest first.
    mutating func append(varint number: UInt64) {
        var rest = number
        while rest > 0x7f {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

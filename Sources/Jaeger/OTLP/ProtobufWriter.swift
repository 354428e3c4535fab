/// Writes Protocol Buffers: fields of a number and a value. What is a default is left out.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
    }

    private mutating func tag(_ number: Int, _ type: WireType) {
        bytes.append(varint: UInt64(number) << 3 | type.rawValue)
    }

    mutating func field(_ number: Int, varint value: UInt64, always: Bool = false) {
        if value == 0, !always { return }
        tag(number, .varint)
        bytes.append(varint: value)
    }

    mutating func field(_ number: Int, fixed64 value: UInt64, always: Bool = false) {
        if value == 0, !always { return }
        tag(number, .fixed64)
        bytes.append(littleEndian: value)
    }

    mutating func field(_ number: Int, bytes value: some Collection<UInt8>, always: Bool = false) {
        if value.isEmpty, !always { return }
        tag(number, .bytes)
        bytes.append(varint: UInt64(value.count))
        bytes += value
    }

    /// A field with a message, also when that is empty.
    mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        field(number, bytes: inner.bytes, always: true)
    }
}

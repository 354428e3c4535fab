public import OpenTracing

/// Jaeger's binary form. Numbers have their highest byte first:
///
/// | bytes | content |
/// | --- | --- |
/// | 16 | trace id |
/// | 8 | span id |
/// | 8 | parent id, or 0 |
/// | 1 | flags |
/// | 4 | count of baggage items |
///
/// and then for each item the length of the key in 4 bytes, the key, the length of the value, the value.
public struct BinaryCodec: ContextCodec {
    /// Makes a codec.
    public init() {}

    /// Appends a context to bytes.
    public func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        var bytes = try carrier.bytes
        bytes.append(bigEndian: context.traceID)
        bytes.append(bigEndian: context.spanID)
        bytes.append(bigEndian: context.parentID ?? 0)
        bytes.append(context.flags.rawValue)
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: context.baggage.count))
        for (key, value) in context.baggage {
            for text in [key, value] {
                bytes.append(bigEndian: UInt32(truncatingIfNeeded: text.utf8.count))
                bytes += text.utf8
            }
        }
        carrier = .binary(bytes)
    }

    /// Reads a context from the start of bytes; more bytes may follow. Each length is compared with what is there
    /// before anything is allocated.
    public func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext? {
        var reader = Reader(bytes: try carrier.bytes[...])
        var context = JaegerSpanContext(
            traceID: try reader.number(as: UInt128.self),
            spanID: try reader.number(as: UInt64.self),
            parentID: try reader.number(as: UInt64.self),
            flags: SpanFlags(rawValue: try reader.number(as: UInt8.self))
        )
        // Each item takes 8 bytes at least, so that a count beyond the bytes ends at the first one that lacks.
        for _ in 0..<(try reader.number(as: UInt32.self)) {
            let key = try reader.text()
            context.baggage[key] = try reader.text()
        }
        return context
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func number<Number: FixedWidthInteger>(as type: Number.Type) throws(OpenTracingError) -> Number {
            try take(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        }

        mutating func text() throws(OpenTracingError) -> String {
            let bytes = try take(Int(number(as: UInt32.self)))
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .spanContextCorrupted("a key or value of the baggage is no UTF-8")
            }
            return text
        }

        private mutating func take(_ count: Int) throws(OpenTracingError) -> ArraySlice<UInt8> {
            guard count <= bytes.count else {
                throw .spanContextCorrupted("\(count) bytes are announced, \(bytes.count) are left")
            }
            defer { bytes = bytes.dropFirst(count) }
            return bytes.prefix(count)
        }
    }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { self += $0 }
    }

    mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { self += $0 }
    }
}

import OpenTracing

/// `OTM1`, trace and span number, the number of baggage items, and each one's key and value. Numbers have 8 bytes, the
/// highest first; texts follow their length, and a value is absent when its length is `UInt64.max`.
struct BinaryPropagator: MockPropagator {
    private static let magic = Array("OTM1".utf8)

    func inject(_ context: MockSpanContext, into carrier: inout Carrier) throws(OpenTracingError) {
        guard case .binary(var bytes) = carrier else { throw .invalidCarrier("bytes are needed, not a map") }
        bytes += Self.magic
        append(context.traceID, to: &bytes)
        append(context.spanID, to: &bytes)
        append(UInt64(context.baggageItems.count), to: &bytes)
        for (key, value) in context.baggageItems.sorted(by: { $0.key < $1.key }) {
            append(key, to: &bytes)
            append(value, to: &bytes)
        }
        carrier = .binary(bytes)
    }

    func extract(from carrier: Carrier) throws(OpenTracingError) -> MockSpanContext? {
        guard case .binary(let bytes) = carrier else { throw .invalidCarrier("bytes are needed, not a map") }
        if bytes.isEmpty { return nil }
        guard bytes.starts(with: Self.magic) else { throw .spanContextCorrupted("no context of a mock tracer") }
        var reader = Reader(bytes: bytes[Self.magic.count...])
        var context = MockSpanContext(traceID: try reader.number(), spanID: try reader.number())
        // Each item takes bytes, so a count beyond them ends at the first that lacks.
        for _ in 0..<(try reader.number()) {
            guard let key = try reader.text() else { throw .spanContextCorrupted("a baggage item has no key") }
            context.baggageItems[key] = .some(try reader.text())
        }
        return context
    }

    private func append(_ number: UInt64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    private func append(_ text: String?, to bytes: inout [UInt8]) {
        guard let text else { return append(UInt64.max, to: &bytes) }
        append(UInt64(text.utf8.count), to: &bytes)
        bytes += text.utf8
    }
}

private struct Reader {
    var bytes: ArraySlice<UInt8>

    mutating func number() throws(OpenTracingError) -> UInt64 {
        guard bytes.count >= 8 else { throw .spanContextCorrupted("it ends too early") }
        defer { bytes = bytes.dropFirst(8) }
        return bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func text() throws(OpenTracingError) -> String? {
        let length = try number()
        if length == .max { return nil }
        guard length <= bytes.count else { throw .spanContextCorrupted("it ends too early") }
        defer { bytes = bytes.dropFirst(Int(length)) }
        guard let text = String(validating: bytes.prefix(Int(length)), as: UTF8.self) else {
            throw .spanContextCorrupted("a text is no UTF-8")
        }
        return text
    }
}

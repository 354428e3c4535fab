import Foundation

/// A collector's answer: how many spans it refused. What cannot be read refuses none.
package struct OTLPResponse: Sendable, Equatable {
    package var rejectedSpans: Int64 = 0
    package var errorMessage = ""

    private struct JSON: Decodable {
        struct Partial: Decodable {
            var rejectedSpans: Count?
            var errorMessage: String?
        }

        /// A number of 64 bits, which may be text or a number.
        struct Count: Decodable {
            var value: Int64

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int64.self) {
                    value = number
                } else {
                    value = Int64(try container.decode(String.self)) ?? 0
                }
            }
        }

        var partialSuccess: Partial?
    }

    package init(_ body: [UInt8], isJSON: Bool) {
        if isJSON {
            let partial = (try? JSONDecoder().decode(JSON.self, from: Data(body)))?.partialSuccess
            rejectedSpans = partial?.rejectedSpans?.value ?? 0
            errorMessage = partial?.errorMessage ?? ""
            return
        }
        var fields = ProtobufReader(body[...])
        while let (number, value) = fields.next() {
            guard number == 1, case .bytes(let partial) = value else { continue }
            var fields = ProtobufReader(partial)
            while let (number, value) = fields.next() {
                switch (number, value) {
                case (1, .varint(let count)): rejectedSpans = Int64(bitPattern: count)
                case (2, .bytes(let text)): errorMessage = String(decoding: text, as: UTF8.self)
                default: break
                }
            }
        }
    }
}

/// Reads fields of Protocol Buffers; it ends at what is malformed.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed
    }

    private var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    mutating func next() -> (number: UInt64, value: Value)? {
        guard let tag = varint() else { return nil }
        switch tag & 7 {
        case 0: return varint().map { (tag >> 3, .varint($0)) }
        case 1: return take(8).map { _ in (tag >> 3, .fixed) }
        case 2:
            guard let count = varint(), let content = take(count) else { return nil }
            return (tag >> 3, .bytes(content))
        case 5: return take(4).map { _ in (tag >> 3, .fixed) }
        default: return nil
        }
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(Int(count)) }
        return bytes.prefix(Int(count))
    }

    private mutating func varint() -> UInt64? {
        var (number, shift): (UInt64, UInt64) = (0, 0)
        while shift < 64, let byte = bytes.popFirst() {
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        return nil
    }
}

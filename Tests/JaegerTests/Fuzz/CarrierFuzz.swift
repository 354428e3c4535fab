import Jaeger
import OpenTracing

/// What has to hold of any bytes that come as a carrier: each codec reads them or refuses them, and what one reads it
/// writes so that it reads the same again.
enum CarrierFuzz {
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    private static let text: [any ContextCodec] = [
        TextCodec(encodesValues: true), TextCodec(encodesValues: false), CompositeCodec.w3c, B3SingleCodec(), B3Codec(),
        B3Codec(writes128Bits: true, convention: .openTelemetry), ZipkinCodec(),
    ]

    /// - Parameter bytes: bytes as a binary carrier; as a textual one, lines of `name:value`.
    /// - Throws: ``Disagreement`` when something does not hold.
    static func check(_ bytes: [UInt8]) throws {
        try check(BinaryCodec(), .binary(bytes), empty: .binary([]), keepsBaggage: true)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        let entries = lines.map { line -> TextMap.Entry in
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            return (
                String(decoding: parts[0], as: UTF8.self), String(decoding: parts.dropFirst().joined(), as: UTF8.self)
            )
        }
        let carrier = Carrier.text(TextMap(entries))
        for codec in text { try check(codec, carrier, empty: .text(TextMap())) }
        try checkParents(entries)
    }

    private static func check(
        _ codec: some ContextCodec,
        _ carrier: Carrier,
        empty: Carrier,
        keepsBaggage: Bool = false
    ) throws {
        guard let context = try? codec.extract(from: carrier) else { return }
        var written = empty
        try codec.inject(context, into: &written)
        guard let again = try codec.extract(from: written) else {
            // Baggage of which nothing can be written leaves nothing to read.
            if !context.hasTrace { return }
            throw Disagreement(description: "\(codec): \(context) is not read again")
        }
        let isSame =
            again.traceID == context.traceID && again.spanID == context.spanID && again.flags == context.flags
            && again.traceState == context.traceState
            && (!keepsBaggage || again.baggage == context.baggage)
        guard isSame else { throw Disagreement(description: "\(codec): \(context) became \(again)") }
    }

    /// A span continues the trace of a `traceparent` exactly when there is one that is well formed.
    private static func checkParents(_ entries: [TextMap.Entry]) throws {
        let parents = entries.filter { $0.key.lowercased() == "traceparent" }.map(\.value)
        let context = try TraceContextCodec().extract(from: .text(TextMap(entries)))
        let expected = parents.count == 1 ? wellFormed(parents[0]) : nil
        guard context.map({ [$0.traceID, UInt128($0.spanID)] }) == expected else {
            throw Disagreement(description: "\(parents) as \(String(describing: context))")
        }
    }

    /// The numbers of a header, read character by character.
    private static func wellFormed(_ header: String) -> [UInt128]? {
        var bytes = Array(header.utf8)
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        bytes = Array(bytes.drop { $0 == 0x20 || $0 == 0x09 })
        guard bytes.count >= 55 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        var numbers: [UInt128] = []
        for (start, length) in [(0, 2), (3, 32), (36, 16), (53, 2)] {
            var number: UInt128 = 0
            for byte in bytes[start..<start + length] {
                guard let digit = digits.firstIndex(of: byte) else { return nil }
                number = number << 4 | UInt128(digit)
            }
            numbers.append(number)
        }
        guard [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }), numbers[0] != 0xff else { return nil }
        let hasMore = bytes.count > 55
        if hasMore, numbers[0] == 0 || bytes[55] != UInt8(ascii: "-") { return nil }
        return numbers[1] == 0 || numbers[2] == 0 ? nil : [numbers[1], numbers[2]]
    }
}

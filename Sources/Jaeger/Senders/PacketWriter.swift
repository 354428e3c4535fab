/// Puts spans into as few datagrams as their order allows.
package struct PacketWriter: Sendable {
    package struct Packet: Sendable, Equatable {
        /// The whole message.
        package var bytes: [UInt8]
        /// The indexes of its spans.
        package var spans: [Int]
        /// How many spans it holds.
        package var count: Int { spans.count }
    }

    /// What is kept free for the message around the batch, as Jaeger's client for Go does.
    private static let envelope = 70
    /// What the message around a single span takes at most.
    private static let smallestEnvelope = 24

    private let maxPacketSize: Int
    private let usable: Int
    private var sequenceID: Int32 = 0

    package init(maxPacketSize: Int) {
        self.maxPacketSize = maxPacketSize
        usable = maxPacketSize - Self.envelope
    }

    /// The datagrams of a batch. A span that does not fit into one with the process is in none.
    package mutating func packets(of spans: [SpanRecord], process: JaegerProcess) -> [Packet] {
        let processBytes = CompactWriter.bytes { $0.write(process) }
        var packets: [Packet] = []
        var waiting: (spans: [Int], encoded: [[UInt8]], size: Int) = ([], [], processBytes.count)
        func flush(_ writer: inout PacketWriter) {
            guard !waiting.spans.isEmpty else { return }
            writer.sequenceID &+= 1
            let bytes = CompactWriter.bytes { output in
                output.beginMessage("emitBatch", .oneWay, sequenceID: writer.sequenceID)
                output.structure { arguments in
                    arguments.field(1, .structure)
                    arguments.writeBatch(process: processBytes, spans: waiting.encoded)
                }
            }
            packets.append(Packet(bytes: bytes, spans: waiting.spans))
            waiting = ([], [], processBytes.count)
        }
        for (index, span) in spans.enumerated() {
            let encoded = CompactWriter.bytes { $0.write(span) }
            let lone = encoded.count + processBytes.count + Self.smallestEnvelope
            guard encoded.count <= usable, lone <= maxPacketSize else { continue }
            if waiting.size + encoded.count > usable { flush(&self) }
            waiting.spans.append(index)
            waiting.encoded.append(encoded)
            waiting.size += encoded.count
            if waiting.size >= usable { flush(&self) }
        }
        flush(&self)
        return packets
    }
}

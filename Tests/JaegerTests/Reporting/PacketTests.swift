import Jaeger
import OpenTracing
import Testing

/// How spans fill datagrams.
@Suite(.timeLimit(.minutes(1)))
struct PacketTests {
    /// No datagram is larger than allowed, and next to nothing of what is allowed stays unused.
    @Test func sizesUpToTheLimit() {
        let process = JaegerProcess(serviceName: "svc", tags: ["tag": "a text that takes some place in each datagram"])
        var (largest, dropped) = (0, 0)
        for size in 0...300 {
            let span = SpanRecord(
                traceID: 1,
                spanID: 2,
                operationName: "op",
                startTime: 3,
                duration: 4,
                tags: ["text": FieldValue.string(String(repeating: "x", count: size))]
            )
            var writer = PacketWriter(maxPacketSize: 300)
            for packet in writer.packets(of: [span], process: process) { largest = max(largest, packet.bytes.count) }
            if writer.packets(of: [span], process: process).isEmpty { dropped += 1 }
        }
        #expect((295...300).contains(largest), "\(largest)")
        #expect(dropped > 0)
    }
}

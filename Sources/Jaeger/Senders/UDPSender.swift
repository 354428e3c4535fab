import Synchronization

/// Sends spans to Jaeger's agent, or to Jaeger 2, as datagrams of compact Thrift.
///
/// A batch becomes as many datagrams as it needs. A span that does not fit into one is lost, and the others are not.
public final class UDPSender: SpanSender {
    private struct State {
        var socket: DatagramSocket?
        var packets: PacketWriter
    }

    private let host: String
    private let port: UInt16
    private let state: Mutex<State>

    /// Makes a sender; the host's name is looked up when the first spans are sent, and again after a failure.
    ///
    /// - Parameters:
    ///   - host: the agent's name or address.
    ///   - port: its port for compact Thrift.
    ///   - maxPacketSize: how many bytes a datagram may have; Jaeger reads 65,000.
    public init(host: String = "localhost", port: UInt16 = 6831, maxPacketSize: Int = 65_000) {
        self.host = host
        self.port = port
        state = Mutex(State(packets: PacketWriter(maxPacketSize: maxPacketSize)))
    }

    /// Sends spans.
    public func send(_ spans: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome {
        let socket: DatagramSocket
        do throws(JaegerError) { socket = try await connected() } catch { return SendOutcome(sent: 0, error: error) }
        let records = spans.map(\.record)
        let packets = state.withLock { $0.packets.packets(of: records, process: process) }
        var outcome = SendOutcome(sent: 0)
        for packet in packets {
            do throws(JaegerError) {
                try socket.send(packet.bytes)
                outcome.sent += packet.count
            } catch {
                outcome.error = error
            }
        }
        let fitting = packets.reduce(0) { $0 + $1.count }
        if fitting < spans.count, outcome.error == nil {
            outcome.error = JaegerError(.tooLarge, "\(spans.count - fitting) spans do not fit into a datagram")
        }
        return outcome
    }

    private func connected() async throws(JaegerError) -> DatagramSocket {
        if let socket = state.withLock({ $0.socket }) { return socket }
        let socket = try await DatagramSocket.connect(host: host, port: port)
        state.withLock { $0.socket = socket }
        return socket
    }

    /// Closes the socket.
    public func close() async {
        let socket = state.withLock { state in
            defer { state.socket = nil }
            return state.socket
        }
        socket?.close()
    }
}

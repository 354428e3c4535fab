import Synchronization

/// Sends spans to Jaeger's agent, or to Jaeger 2, as datagrams of compact Thrift.
///
/// A batch becomes as many datagrams as it needs. A span that does not fit into one is lost, and the others are not.
///
/// The host's name is looked up when the first spans are sent, after a failure and every half minute: an agent may move.
/// UDP tells of a datagram that nobody took after it was sent, or never; as many spans are counted as lost as are known to
/// be.
public final class UDPSender: SpanSender {
    private struct State {
        var socket: DatagramSocket?
        /// When the host is looked up again, in seconds of the steady clock.
        var lookUpTime = 0.0
        var packets: PacketWriter
        /// The spans of the last datagram, of which it is not yet known whether it was refused.
        var lastCount = 0
    }

    /// Seconds between two look-ups of the host.
    private static let lookUpInterval = 30.0

    private let host: String
    private let port: UInt16
    private let now: @Sendable () -> Double
    private let state: Mutex<State>

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - host: the agent's name or address.
    ///   - port: its port for compact Thrift.
    ///   - maxPacketSize: how many bytes a datagram may have; Jaeger reads 65,000.
    public convenience init(host: String = "localhost", port: UInt16 = 6831, maxPacketSize: Int = 65_000) {
        self.init(host: host, port: port, maxPacketSize: maxPacketSize) { SystemTime.steady }
    }

    package init(host: String, port: UInt16, maxPacketSize: Int, now: @escaping @Sendable () -> Double) {
        self.host = host
        self.port = port
        self.now = now
        state = Mutex(State(packets: PacketWriter(maxPacketSize: maxPacketSize)))
    }

    /// Sends spans.
    public func send(_ spans: [JaegerSpan], of process: JaegerProcess) async -> SendOutcome {
        let socket: DatagramSocket
        do throws(JaegerError) { socket = try await connected() } catch { return SendOutcome(sent: 0, error: error) }
        let records = spans.map(\.record)
        let packets = state.withLock { $0.packets.packets(of: records, process: process) }
        var outcome = SendOutcome(sent: 0)
        var refused = 0
        for packet in packets {
            do throws(JaegerError) {
                if try socket.send(packet.bytes) { refused += state.withLock { $0.lastCount } }
                outcome.sent += packet.count
                state.withLock { $0.lastCount = packet.count }
            } catch {
                outcome.error = error
            }
        }
        if socket.isRefused { refused += state.withLock { $0.lastCount } }
        if refused > 0 {
            // Some may be of the batch before, which was counted as sent: in the end the numbers are right.
            outcome.sent = max(0, outcome.sent - refused)
            outcome.error = JaegerError(.rejected, "nobody takes datagrams at \(host):\(port)")
        }
        let fitting = packets.reduce(0) { $0 + $1.count }
        if fitting < spans.count, outcome.error == nil {
            outcome.error = JaegerError(.tooLarge, "\(spans.count - fitting) spans do not fit into a datagram")
        } else if outcome.error != nil {
            state.withLock { $0.lookUpTime = 0 }
        }
        return outcome
    }

    /// The socket, or a new one when it is time to look the host up. While that fails, the old one stays.
    private func connected() async throws(JaegerError) -> DatagramSocket {
        let now = now()
        let (socket, isDue) = state.withLock { ($0.socket, $0.lookUpTime <= now) }
        if let socket, !isDue { return socket }
        let new: DatagramSocket
        do throws(JaegerError) { new = try await DatagramSocket.connect(host: host, port: port) } catch {
            guard let socket else { throw error }
            return socket
        }
        state.withLock { state in
            state.socket = new
            state.lookUpTime = now + Self.lookUpInterval
            state.lastCount = 0
        }
        return new
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

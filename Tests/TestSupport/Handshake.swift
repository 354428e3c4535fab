import Foundation

/// One exchange with a Kafka broker, in its own protocol: asks for its API versions and reads the answer.
///
/// Blocks, so it runs on a thread of its own.
func shakeHands(port: UInt16, within duration: Duration) async throws {
    let outcome = Watched<Result<Void, any Error>?>(nil)
    Thread.detachNewThread {
        let result = Result { try exchange(port: port, timeout: duration) }
        outcome.update { $0 = result }
    }
    try await withDeadline(duration, "a broker's answer on port \(port)") { try await outcome.wait { $0 }.get() }
}

private struct HandshakeFailure: Error, CustomStringConvertible {
    var description: String
}

private func exchange(port: UInt16, timeout: Duration) throws {
    #if canImport(Glibc)
    let stream = Int32(SOCK_STREAM.rawValue)
    #else
    let stream = SOCK_STREAM
    #endif
    let socket = socket(AF_INET, stream, 0)
    guard socket >= 0 else { throw HandshakeFailure(description: "socket: errno \(errno)") }
    defer { close(socket) }
    var limit = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))

    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard connected == 0 else { throw HandshakeFailure(description: "connect to port \(port): errno \(errno)") }

    // Length, ApiVersions (18) version 0, correlation id 7, no client id.
    let request: [UInt8] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xFF, 0xFF]
    guard send(socket, request, request.count, 0) == request.count else {
        throw HandshakeFailure(description: "send to port \(port): errno \(errno)")
    }
    var answer = [UInt8](repeating: 0, count: 8)  // length, correlation id
    guard recv(socket, &answer, answer.count, Int32(MSG_WAITALL)) == answer.count, answer[7] == 7 else {
        throw HandshakeFailure(description: "no Kafka broker answers on port \(port): \(answer), errno \(errno)")
    }
}

import Dispatch
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A connected UDP socket that never blocks. A host's name is looked up on a thread of its own.
final class DatagramSocket: Sendable {
    private let descriptor: Mutex<Int32>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { close() }

    /// Looks the host up and connects.
    static func connect(host: String, port: UInt16) async throws(JaegerError) -> DatagramSocket {
        let result: Result<DatagramSocket, JaegerError> = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Result { () throws(JaegerError) in try lookUp(host, port) })
            }
        }
        return try result.get()
    }

    /// Blocks while a name server is asked.
    private static func lookUp(_ host: String, _ port: UInt16) throws(JaegerError) -> DatagramSocket {
        var hints = addrinfo()
        hints.ai_socktype = datagramSocket
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0 else {
            throw JaegerError(.sendFailed, "the host \(host) is not found: \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(found) }
        var code = ECONNREFUSED
        for address in sequence(first: found, next: { $0?.pointee.ai_next }) {
            guard let address = address?.pointee else { break }
            let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
            guard descriptor >= 0 else {
                code = errno
                continue
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            if systemConnect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return DatagramSocket(descriptor) }
            code = errno
            _ = systemClose(descriptor)
        }
        throw JaegerError(.sendFailed, "no socket for \(host):\(port): \(String(cString: strerror(code)))")
    }

    /// Sends a datagram, or fails at once.
    ///
    /// - Returns: whether an earlier one was refused, which is told at the next.
    func send(_ bytes: [UInt8]) throws(JaegerError) -> Bool {
        let (code, isRefused) = descriptor.withLock { descriptor -> (Int32, Bool) in
            guard descriptor >= 0 else { return (EBADF, false) }
            var isRefused = false
            for _ in 0..<3 {
                let sent = bytes.withUnsafeBytes { bytes in
                    systemSend(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
                }
                if sent == bytes.count { return (0, isRefused) }
                if errno == ECONNREFUSED { isRefused = true } else if errno != EINTR { break }
            }
            return (errno, isRefused)
        }
        guard code == 0 else {
            let reason = String(cString: strerror(code))
            throw JaegerError(.sendFailed, "a datagram of \(bytes.count) bytes was not sent: \(reason)")
        }
        return isRefused
    }

    /// Whether the last datagram was refused, as far as that is known.
    var isRefused: Bool {
        descriptor.withLock { descriptor in
            var (code, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            return descriptor >= 0 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0
                && code == ECONNREFUSED
        }
    }

    func close() {
        let open = descriptor.withLock { descriptor in
            defer { descriptor = -1 }
            return descriptor
        }
        if open >= 0 { _ = systemClose(open) }
    }
}

#if canImport(Darwin)
private let systemSend = Darwin.send
private let systemConnect = Darwin.connect
private let systemClose = Darwin.close
#elseif canImport(Musl)
private let systemSend = Musl.send
private let systemConnect = Musl.connect
private let systemClose = Musl.close
#else
private let systemSend = Glibc.send
private let systemConnect = Glibc.connect
private let systemClose = Glibc.close
#endif

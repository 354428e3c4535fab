import Foundation

/// A TCP socket that listens; who takes ``descriptor`` closes it.
struct ListeningSocket {
    let descriptor: Int32
    let port: UInt16

    /// - Parameters:
    ///   - address: an IPv4 or IPv6 address, or `localhost`.
    ///   - port: the port; 0 takes a free one.
    /// - Throws: ``MetricsError/Code/listening`` that says why not.
    init(address: String, port: UInt16) throws(MetricsError) {
        let place = address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Self.stream
        var found: UnsafeMutablePointer<addrinfo>?
        let host = address == "localhost" ? "127.0.0.1" : address
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let info = found?.pointee else {
            throw MetricsError(
                .listening,
                "address \"\(address)\": it is no IP address; use one of this machine, or 0.0.0.0"
            )
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
        guard descriptor >= 0 else { throw Self.failure("making a socket for \(place)", errno) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, listen(descriptor, 128) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.failure("listening on \(place)", code)
        }
        self.descriptor = descriptor
        self.port = Self.boundPort(of: descriptor) ?? port
    }

    #if os(Linux)
    private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
    private static let stream = SOCK_STREAM
    #endif

    private static func failure(_ doing: String, _ code: Int32) -> MetricsError {
        let hint =
            switch code {
            case EADDRINUSE: "; another program has it: choose another port, or 0 for a free one"
            case EADDRNOTAVAIL: "; choose an address of this machine, or 0.0.0.0 for all"
            case EACCES: "; choose a port of 1024 or more"
            default: ""
            }
        return MetricsError(.listening, "\(doing): \(String(cString: strerror(code)))\(hint)")
    }

    private static func boundPort(of descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &size) == 0 else { return nil }
                // The port stands in the same place for IPv4 and IPv6.
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            }
        }
    }
}

import Foundation
import KserMetrics

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What a server answered.
struct Answer: Sendable {
    var status: Int
    var contentType: String?
    var body: String

    var lines: [String] { body.split(separator: "\n").map(String.init) }
}

extension MetricsServer {
    /// Asks for a path.
    func get(_ path: String, accept: String? = nil, method: String = "GET") async throws -> Answer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
        var request = URLRequest(url: url, timeoutInterval: 60)
        request.httpMethod = method
        if let accept { request.setValue(accept, forHTTPHeaderField: "Accept") }
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        return Answer(
            status: response.statusCode,
            contentType: response.value(forHTTPHeaderField: "Content-Type"),
            body: String(decoding: data, as: UTF8.self)
        )
    }
}

/// A TCP connection that sends any bytes.
final class RawConnection: Sendable {
    private let descriptor: Int32

    init(port: UInt16) throws {
        #if os(Linux)
        let stream = Int32(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, stream, 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        if result != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// Sends bytes and gives all that comes back until the server closes; text as far as there is some.
    func exchange(_ bytes: [UInt8]) async -> String {
        await withCheckedContinuation { done in
            Thread.detachNewThread { [self] in
                var rest = bytes[...]
                while !rest.isEmpty {
                    #if os(Linux)
                    let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    #else
                    let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
                    #endif
                    if count <= 0 { break }
                    rest = rest.dropFirst(count)
                }
                done.resume(returning: readAll())
            }
        }
    }

    private func readAll() -> String {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return String(decoding: answer, as: UTF8.self) }
            answer += buffer[..<count]
        }
    }
}

import Foundation
import Kser
import KserTesting
import Synchronization
import TestSupport
import Testing

@testable import KserMetrics

/// What whoever reaches the metrics port can do.
@Suite(.timeLimit(.minutes(5))) struct MetricsPortTests {
    @Test func dribblingConnectionsKeepNobodyFromHealth() async throws {
        let addresses = Scale.count(5, 40)
        let server = try MetricsServer(MetricsRegistry(), address: "127.0.0.1", port: 0)
        var dribbles: [Dribble] = []
        for address in 0..<addresses {
            for _ in 0..<64 { dribbles.append(try Dribble(from: "127.0.0.\(address + 1)", to: server.port)) }
        }
        let dribbling = Task {
            // A byte now and then: none of them is idle.
            while !Task.isCancelled {
                for dribble in dribbles { dribble.send("x") }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        defer { dribbling.cancel() }
        var longest = Duration.zero
        for path in ["/livez", "/metrics", "/readyz", "/livez"] {
            let start = ContinuousClock.now
            let status = try await withDeadline(.seconds(20), "an answer to \(path)") {
                try await Dribble.status(of: path, from: "127.0.0.1", port: server.port)
            }
            #expect(status == 200)
            longest = max(longest, start.duration(to: .now))
        }
        Scale.tell("dribbling connections", "\(dribbles.count) of \(addresses) addresses, health within \(longest)")
        await server.stop()
    }

    @Test func aRequestHasSomeTimeAndNoMore() async throws {
        var limits = ConnectionTable.Limits()
        limits.time = .milliseconds(300)
        let daemon = try HTTPDaemon.start(address: "127.0.0.1", port: 0, limits: limits) { _ in
            .now(HTTPResponse(body: [0x6f]))
        }
        let dribble = try Dribble(from: "127.0.0.1", to: daemon.port)
        dribble.send("GET / HTTP/1.1\r\n")
        let dribbling = Task {
            while !Task.isCancelled {
                dribble.send("x")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        try await wait("the end of the connection") { dribble.isClosed }
        dribbling.cancel()
        #expect(try await Dribble.status(of: "/", from: "127.0.0.1", port: daemon.port) == 200)
        await withCheckedContinuation { done in
            DispatchQueue.global().async {
                daemon.stop()
                done.resume()
            }
        }
    }

    @Test func theOldestMakesRoomAndHealthIsSpared() {
        var pairs: [[Int32]] = []
        func socket() -> Int32 {
            var pair: [Int32] = [0, 0]
            #if os(Linux)
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
            #else
            socketpair(AF_UNIX, SOCK_STREAM, 0, &pair)
            #endif
            pairs.append(pair)
            return pair[0]
        }
        func isClosed(_ index: Int) -> Bool {
            var byte: UInt8 = 0
            return recv(pairs[index][1], &byte, 1, Int32(MSG_DONTWAIT)) == 0
        }
        func client(_ number: UInt8) -> ClientAddress {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(number)
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ClientAddress($0) }
            }
        }
        var limits = ConnectionTable.Limits()
        (limits.connections, limits.ofOneAddress, limits.health, limits.healthOfOneAddress) = (4, 3, 2, 1)
        let table = ConnectionTable(limits)
        for id in 0..<3 { table.open(UInt(id), socket: socket(), of: client(1)) }
        table.beginHealth(0)
        table.beginHealth(1)
        // Of one address: only one that asks for health is spared.
        table.open(3, socket: socket(), of: client(1))
        #expect((0..<4).map(isClosed) == [false, false, false, false])
        table.open(4, socket: socket(), of: client(1))
        #expect((0..<5).map(isClosed) == [false, true, false, false, false])
        // In all: the one that has been at its request longest.
        table.open(5, socket: socket(), of: client(2))
        table.endRequest(2)
        table.open(6, socket: socket(), of: client(3))
        #expect((0..<7).map(isClosed) == [false, true, false, true, false, false, false])
        table.endRequest(0)
        for pair in pairs { for end in pair { close(end) } }
    }

    @Test(arguments: [("0.0.0.0", true), ("::", true), ("127.0.0.1", false), ("localhost", false)])
    func thatAllMayAskIsSaid(address: String, isOpen: Bool) async throws {
        let log = LogKeeper()
        let logger = KserLogger(level: .warning, sink: log)
        let server = try MetricsServer(MetricsRegistry(), address: address, port: 0, logger: logger)
        #expect(log.records.map(\.message).contains { $0.contains("port \(server.port) is open to all") } == isOpen)
        await server.stop()
    }
}

/// A connection from any address of this machine.
private final class Dribble: Sendable {
    private let descriptor: Int32

    init(from address: String, to port: UInt16) throws {
        #if os(Linux)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var time = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        try call(bind, Self.place(address, 0))
        try call(connect, Self.place("127.0.0.1", port))
    }

    deinit { close(descriptor) }

    private static func place(_ address: String, _ port: UInt16) -> sockaddr_in {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = inet_addr(address)
        return place
    }

    private func call(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32,
        _ place: sockaddr_in
    ) throws {
        var place = place
        let result = withUnsafePointer(to: &place) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Whether the other side has closed it.
    var isClosed: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno != EAGAIN
    }

    /// The status of the answer to a request.
    static func status(of path: String, from address: String, port: UInt16) async throws -> Int? {
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                done.resume(
                    with: Result {
                        let connection = try Dribble(from: address, to: port)
                        connection.send("GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                        var answer = [UInt8](repeating: 0, count: 64)
                        let count = recv(connection.descriptor, &answer, answer.count, 0)
                        let line = String(decoding: answer.prefix(max(0, count)), as: UTF8.self)
                        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                    }
                )
            }
        }
    }
}

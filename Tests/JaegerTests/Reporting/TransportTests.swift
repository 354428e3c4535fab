import Foundation
import Jaeger
import Kser
import TestSupport
import Testing

/// What a server can do to a request: each one ends in time, and takes bounded memory.
@Suite(.timeLimit(.minutes(2)))
struct TransportTests {
    /// The time is that of the whole request, whether nothing comes or a little all the time.
    @Test(arguments: ["silent", "drip"])
    func deadline(_ mode: String) async throws {
        let server = try await SpanReceiver.unreliable(mode)
        let error = await #expect(throws: JaegerError.self) {
            try await withDeadline(.seconds(40), "the end of the request") {
                _ = try await post("spans", to: server, timeout: .milliseconds(700))
            }
        }
        #expect(error?.code == .timedOut)
    }

    /// More than a megabyte is not read, however small it came over the wire. The process is one of its own, since the memory
    /// of this one grows with whatever other tests do.
    @Test(arguments: ["huge", "bomb"])
    func largeAnswers(_ mode: String) async throws {
        await #expect(processExitsWith: .success) { [mode] in
            let server = try await SpanReceiver.unreliable(mode)
            let before = try residentBytes()
            let peak = Watched(0)
            let watch = Task {
                while !Task.isCancelled {
                    let now = try residentBytes()
                    peak.update { $0 = max($0, now) }
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            defer { watch.cancel() }
            let response = try await post("spans", to: server, timeout: .seconds(60))
            #expect(response.status == 200 && response.isTooLarge && response.body.isEmpty)
            let growth = peak.value - before
            #expect(growth < 150 << 20, "\(growth >> 20) MB")
        }
    }

    /// Foundation on Linux reads the body of a redirection, however long, and tells nobody of it: the deadline ends that. It
    /// works for nobody else meanwhile, but does so again then.
    @Test func endlessRedirection() async throws {
        let server = try await SpanReceiver.unreliable("redirect")
        let others = try await SpanReceiver.unreliable("plain")
        let error = await #expect(throws: JaegerError.self) {
            try await withDeadline(.seconds(40), "the end of the request") {
                async let other = post("spans", to: others, timeout: .seconds(30))
                do { _ = try await post("spans", to: server, timeout: .milliseconds(500)) } catch {
                    _ = try await other
                    throw error
                }
            }
        }
        #expect(error?.code == .timedOut)
    }

    /// A request that its connection lost is sent once more, whole and on another one.
    @Test func lostConnection() async throws {
        let server = try await SpanReceiver.unreliable("lost")
        #expect(try await post("spans", to: server, timeout: .seconds(60)).body == Array("{}".utf8))
        for number in 0..<2 {
            let seen = try await server.next()
            #expect(seen["connection"]?.int == number && seen["body"]?.string == "spans")
        }
    }

    /// A connection that a server kept and then closes does no harm to the request that would have used it.
    @Test func staleConnection() async throws {
        let server = try await SpanReceiver.unreliable("stale")
        for number in 0..<3 {
            let response = try await post("spans \(number)", to: server, timeout: .seconds(5))
            #expect(response.body == Array("{}".utf8))
            #expect(try await server.next()["body"]?.string == "spans \(number)")
        }
    }

    @Test func headers() async throws {
        let server = try await SpanReceiver.unreliable("plain")
        _ = try await post("spans", to: server, timeout: .seconds(60))
        let headers = try #require(try await server.next()["headers"])
        #expect(headers["accept-encoding"]?.string == "identity")
        #expect(headers["content-length"]?.string == "5")
        #expect(headers["user-agent"]?.string == "Jaeger-Swift/1.0.0")
        // Though the server would keep it.
        #expect(try await server.next()["closed"]?.int == 0)
    }
}

private func post(_ body: String, to server: SpanReceiver, timeout: Duration) async throws -> HTTPResponse {
    let request = HTTPRequest("POST", try server.url, body: Array(body.utf8), timeout: timeout)
    return try await URLSessionTransport.shared.send(request)
}

private func residentBytes() throws -> Int {
    #if os(Linux)
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(fields[1]) ?? 0) * 4096
    #else
    return 0
    #endif
}

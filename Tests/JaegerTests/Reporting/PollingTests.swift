import Foundation
import Jaeger
import Kser
import OpenTracing
import TestSupport
import Testing

/// What asks a server in intervals, with a real one.
@Suite(.timeLimit(.minutes(2)))
struct PollingTests {
    @Test func remoteSampler() async throws {
        let server = try await SpanReceiver.server(
            answering: #"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}"#
        )
        var options = RemoteSampler.Options()
        options.endpoint = "http://127.0.0.1:\(server.port)/sampling"
        options.refreshInterval = .milliseconds(20)
        let sampler = RemoteSampler(service: "dice & co", options: options)
        #expect(try await server.next()["get"]?.string == "/sampling?service=dice%20%26%20co")
        // The second question comes after the first answer was taken.
        _ = try await server.next()
        #expect((sampler.current as? ProbabilisticSampler)?.rate == 0.25)
        sampler.close()
    }

    @Test func remoteThrottler() async throws {
        let server = try await SpanReceiver.server(answering: #"{"balances":[{"operation":"roll","balance":1}]}"#)
        let throttler = RemoteThrottler(
            service: "dice",
            endpoint: "http://127.0.0.1:\(server.port)/credits",
            refreshInterval: .milliseconds(20)
        )
        throttler.setClientID(5)
        #expect(!throttler.isAllowed("roll"))
        #expect(try await server.next()["get"]?.string == "/credits?service=dice&uuid=5&operations=roll")
        _ = try await server.next()
        #expect(throttler.isAllowed("roll"))
        throttler.close()
    }

    @Test func remoteBaggageRestrictions() async throws {
        let server = try await SpanReceiver.server(answering: #"[{"baggageKey":"user","maxValueLength":5}]"#)
        let restrictions = RemoteBaggageRestrictions(
            service: "dice",
            endpoint: "http://127.0.0.1:\(server.port)/baggageRestrictions",
            refreshInterval: .milliseconds(20)
        )
        #expect(try await server.next()["get"]?.string == "/baggageRestrictions?service=dice")
        _ = try await server.next()
        #expect(restrictions.maxLength(of: "user") == 5)
        #expect(restrictions.maxLength(of: "other") == nil)
        restrictions.close()
    }

    /// Go writes an empty list as null: no key is allowed then.
    @Test func noRestrictedKeys() async throws {
        let restrictions = RemoteBaggageRestrictions(service: "dice", refreshInterval: .seconds(60), log: .none)
        #expect(restrictions.maxLength(of: "user") == 2_048)
        restrictions.take(Array("{}".utf8))
        #expect(restrictions.maxLength(of: "user") == 2_048)
        restrictions.take(Array("null".utf8))
        #expect(restrictions.maxLength(of: "user") == nil)
        restrictions.close()
    }

    /// No interval at all does not make a loop.
    @Test func noInterval() async throws {
        struct Counting: HTTPTransport {
            let count = Watched(0)

            func send(_ request: HTTPRequest) async throws -> HTTPResponse {
                count.update { $0 += 1 }
                return HTTPResponse(status: 200)
            }
        }
        let transport = Counting()
        let poller = Poller(interval: .zero, transport: transport, log: .none) { URL(string: "http://s") }
        let begin = ContinuousClock.now
        poller.start(atOnce: true) { _ in }
        _ = try await transport.count.wait { $0 == 3 ? true : nil }
        #expect(ContinuousClock.now - begin > .seconds(1.5))
        poller.stop()
    }

    /// A tracer that is let go of asks no more.
    @Test func samplersThatAreForgotten() async throws {
        let server = try await SpanReceiver.server(answering: "{}")
        var options = RemoteSampler.Options()
        options.endpoint = "http://127.0.0.1:\(server.port)/sampling"
        options.refreshInterval = .milliseconds(1)
        weak var forgotten: RemoteSampler?
        do {
            let sampler = RemoteSampler(service: "dice", options: options, log: .none)
            forgotten = sampler
            _ = try await server.next()
            #expect(sampler.current is ProbabilisticSampler)
        }
        #expect(forgotten == nil)
    }

    /// Requests that are cancelled at any moment end, and block no thread: Foundation's own async method does at times.
    @Test func cancelledRequests() async throws {
        let server = try await SpanReceiver.server(answering: "{}")
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/"))
        try await withDeadline(.seconds(60), "the end of all requests") {
            for number in [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32] {
                let request = Task {
                    try await URLSessionTransport.shared.send(HTTPRequest("GET", url, timeout: .seconds(30)))
                }
                for _ in 0..<number { await Task.yield() }
                request.cancel()
                _ = await request.result
            }
        }
    }

    @Test func aRequestIsCancelledWhileTheServerThinks() async throws {
        let server = try await SpanReceiver.unreliable("silent")
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/"))
        let request = Task {
            try await URLSessionTransport.shared.send(HTTPRequest("GET", url, timeout: .seconds(600)))
        }
        _ = try await server.next()
        request.cancel()
        await #expect(throws: (any Error).self) {
            try await withDeadline(.seconds(60), "the end of the request") { try await request.value }
        }
    }
}

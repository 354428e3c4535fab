import Foundation
import Kser
import TestSupport

/// A real agent or collector: the official decoders, in Python (`Tests/Support/peers/py_spans.py`).
struct SpanReceiver {
    let port: UInt16
    private let process: ChildProcess

    /// Starts an agent for compact Thrift.
    static func agent() async throws -> SpanReceiver { try await start(["agent"]) }

    /// Starts a collector; the script tells what answers can be asked for.
    static func collector(answering statuses: String...) async throws -> SpanReceiver {
        try await start(["collector"] + statuses)
    }

    /// Starts a server that answers each GET with a text.
    static func server(answering body: String) async throws -> SpanReceiver { try await start(["answer", body]) }

    /// Starts a server that behaves badly; the script `py_http.py` tells how it can.
    static func unreliable(_ mode: String) async throws -> SpanReceiver { try await start([mode], script: "py_http") }

    private static func start(_ arguments: [String], script: String = "py_spans") async throws -> SpanReceiver {
        let script = Components.support("peers/\(script).py")
        let process = try ChildProcess(Components.python(), [script] + arguments)
        let line = try JSON(parsing: Array(try await process.line(within: .seconds(60)).utf8))
        guard let port = line["port"]?.int.flatMap({ UInt16(exactly: $0) }) else {
            throw URLError(.cannotParseResponse)
        }
        return SpanReceiver(port: port, process: process)
    }

    /// The next datagram or request, decoded.
    func next() async throws -> JSON {
        try JSON(parsing: Array(try await process.line(within: .seconds(60)).utf8))
    }

    /// The URL for OTLP.
    var url: URL {
        get throws {
            guard let url = URL(string: "http://127.0.0.1:\(port)/v1/traces") else { throw URLError(.badURL) }
            return url
        }
    }
}

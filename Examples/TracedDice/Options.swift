import Foundation
import Jaeger

/// What the command line asks for.
struct Options {
    struct Misuse: Error, CustomStringConvertible {
        let reason: String
        var description: String { "\(reason)\n\(Options.usage)" }
    }

    static let usage = """
        usage: TracedDice [--agent HOST:PORT | --otlp URL] [--html FILE] [--speed FACTOR]
          --agent HOST:PORT  send spans to a Jaeger agent over UDP; without, to JAEGER_HOST:6831
          --otlp URL         send spans to an OTLP collector, such as http://localhost:4318
          --html FILE        draw the trace in a page of its own
          --speed FACTOR     play so many times faster
        """

    var sender: any SpanSender
    var senderName = "UDP"
    var html: String?
    var speed = 1.0

    init(_ arguments: some Sequence<String>) throws {
        sender = UDPSender(host: ProcessInfo.processInfo.environment["JAEGER_HOST"] ?? "localhost")
        var rest = Array(arguments)[...]
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Misuse(reason: "\(option) needs a value") }
            switch option {
            case "--agent": sender = try Self.agent(value)
            case "--otlp":
                sender = try Self.collector(value)
                senderName = "OTLP"
            case "--html": html = value
            case "--speed":
                guard let factor = Double(value), factor > 0 else {
                    throw Misuse(reason: "--speed needs a number above 0, not \(value)")
                }
                speed = factor
            default: throw Misuse(reason: "unknown option \(option)")
            }
        }
    }

    private static func agent(_ address: String) throws -> UDPSender {
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]),
            colon != address.startIndex
        else { throw Misuse(reason: "--agent needs HOST:PORT, not \(address)") }
        return UDPSender(host: String(address[..<colon]), port: port)
    }

    /// A URL without a path is the collector's, and the path of traces is appended.
    private static func collector(_ address: String) throws -> OTLPSender {
        guard let url = URL(string: address), url.host != nil, ["http", "https"].contains(url.scheme) else {
            throw Misuse(reason: "--otlp needs a URL such as http://localhost:4318, not \(address)")
        }
        return OTLPSender(url: url.path.isEmpty || url.path == "/" ? url.appending(path: "v1/traces") : url)
    }
}

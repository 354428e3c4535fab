import Foundation
import KserKafka
import KserTesting
import KserTracing
import OpenTracing
import OpenTracingMock
import TestSupport
import Testing

@testable import Kser

/// Text that others wrote, on its way to logs, terminals, headers and replies.
@Suite(.timeLimit(.minutes(5))) struct TextTests {
    /// What ends lines, steers terminals and turns text around.
    private static let hostile =
        "a\nERROR forged\r\u{1b}[2J\u{9b}31m\u{7f}\u{0}\u{202e}fdp.exe\u{2066}\u{2028}\u{feff}\u{61c}\tz"

    @Test func whatSteersATerminalIsEscaped() {
        let shown = Self.hostile.printable
        #expect(
            shown == #"a\nERROR forged\r\x1b[2J\x9b31m\x7f\x00\u202efdp.exe\u2066\u2028\ufeff\u061c\tz"#
        )
        #expect(shown.unicodeScalars.allSatisfy { (0x20..<0x7f).contains($0.value) })
        // All other text stays as it is.
        for text in ["", "plain", "Zoë 日本 🙂 \\n", "ÿ\u{ad}é", "اعرابي", "e\u{301}"] { #expect(text.printable == text) }
        for value in UInt32(0)...0x3000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = "x\(scalar)y".printable
            #expect(!shown.unicodeScalars.contains { $0.properties.generalCategory == .control }, "U+\(value)")
            #expect(!shown.unicodeScalars.contains { $0.properties.isBidiControl }, "U+\(value)")
        }
    }

    @Test func textIsCutWithinItsCharacters() {
        #expect("abc".bounded(to: 3) == "abc")
        #expect("abcd".bounded(to: 3) == "abc… (1 bytes more)")
        #expect("ab🙂".bounded(to: 3) == "ab… (4 bytes more)")
        #expect("🙂".bounded(to: 0) == "… (4 bytes more)")
    }

    @Test(arguments: [1, 2_000_000])
    func aHostileMessageIsOneLineOfALogAndNotMuch(times: Int) async throws {
        let text = String(repeating: Self.hostile, count: times / 50 + 1)
        let pipe = Pipe()
        let sinks: [any LogSink] = [
            HumanLogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor),
            JSONLinesLogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor),
        ]
        let reading = Task.detached { try pipe.fileHandleForReading.readToEnd() ?? Data() }
        for sink in sinks {
            let controller = Controller(logger: KserLogger(level: .error, sink: sink))
            try await controller.register("fails") { (_: JSONObject, _) in throw KserError.io(text) }
            _ = await controller.run(Message(uuid: text, entrypoint: text))
            _ = await controller.run(Message(uuid: text, entrypoint: "fails"))
            _ = await controller.run([UInt8](text.utf8))
        }
        try pipe.fileHandleForWriting.close()
        let written = try await reading.value
        // Of each message that failed one line of the handler, if it has one, and one of the controller.
        let lines = written.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 8, "\(lines.count)")
        #expect(written.allSatisfy { $0 == UInt8(ascii: "\n") || $0 >= 0x20 && $0 != 0x7f })
        #expect(!String(decoding: written, as: UTF8.self).unicodeScalars.contains { $0.properties.isBidiControl })
        #expect(written.count < 400 << 10, "\(written.count)")
        Scale.tell("one hostile message", "\(text.utf8.count) bytes of uuid, \(written.count) of log by two sinks")
    }

    @Test func theToolShowsNothingThatSteersATerminal() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "jobs-dlt": 1])
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        var message = Message(uuid: Self.hostile, entrypoint: Self.hostile, params: ["x": .string(Self.hostile)])
        message.result.stdout = Self.hostile
        try await producer.send(message, to: "jobs")
        var letter = try ProducerRecord(message, to: "jobs-dlt", codec: producer.codec)
        letter.headers = [
            .init("kser_uuid", text: Self.hostile), .init("kafka_dlt-exception-message", text: Self.hostile),
            .init("kser_dlt-reason", text: Self.hostile), .init("kafka_dlt-original-topic", text: Self.hostile),
        ]
        try await producer.send(letter)
        await producer.close()
        for arguments in [
            ["tail", "jobs"], ["tail", "jobs", "--json"], ["dlq", "list", "jobs"], ["dlq", "show", "jobs", "0", "0"],
            ["dlq", "show", "jobs", "0", "0", "--secrets"], ["send", "jobs", Self.hostile, "--uuid", Self.hostile],
            [Self.hostile], ["dlq", "replay", "jobs", "--to", Self.hostile, "--any-origin"],
        ] {
            let tool = try Tool.start(arguments, on: broker.bootstrapServers)
            let output = try await tool.end(within: .seconds(60))
            for line in output.lines + output.errorText.split(separator: "\n").map(String.init) {
                #expect(line.printable == line, "\(arguments.first ?? ""): \(line)")
                #expect(!line.hasPrefix("ERROR forged"))
            }
        }
    }

    @Test func aReplyHasNoMoreOfAStrangersBaggageThanALittle() async throws {
        let tracer = MockTracer()
        let tracing = Tracing(tracer)
        let broker = InMemoryBroker()
        let controller = Controller(logger: .none, tracing: tracing)
        try await controller.register("step") { (_: JSONObject, _) in }
        var headers: [Record.Header] = []
        let span = tracer.startSpan("attack")
        for number in 0..<1_000 { span.setBaggageItem("k\(number)", String(repeating: "v", count: 100)) }
        var map = TextMap()
        try tracer.inject(span.context, as: .httpHeaders, into: &map)
        headers = map.entries.map { Record.Header($0.key, text: $0.value) }
        #expect(headers.count > 1_000)
        let producer = broker.makeProducer()
        let worker = Worker(
            consumer: broker.makeConsumer(topics: ["jobs"], group: "g"),
            controller: controller,
            options: WorkerOptions(replies: Replies(to: "results", with: producer))
        )
        try await producer.send(Message(uuid: "u", entrypoint: "step"), to: "jobs", headers: headers)
        try await withWorker(worker) { try await wait("the reply") { !broker.records(in: "results").isEmpty } }
        let reply = try #require(broker.records(in: "results").first)
        let bytes = reply.headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
        #expect(bytes < 26 << 10 && bytes > 1_000, "\(bytes)")
        #expect(reply.headers.contains { $0.name == "traceparent" })
    }
}

/// The command line tool, as a process of its own.
enum Tool {
    static func start(
        _ arguments: [String],
        on servers: String,
        _ environment: [String: String] = [:]
    ) throws -> ChildProcess {
        let names = ["CONTROL_TOPIC", "SECRETBOX_KEY", "SECRETBOX_KEYS", "STORE"]
        var clean = Dictionary(uniqueKeysWithValues: names.map { ("KSER_\($0)", "") })
        clean["KSER_BOOTSTRAP_SERVERS"] = servers
        let program = Components.products.appending(path: "kser").path()
        return try ChildProcess(program, arguments, environment: clean.merging(environment) { $1 })
    }
}

#if SwiftLog
import InMemoryLogging
import Kser
import KserTesting
import Logging
import Synchronization
import Testing

@Suite("swift-log") struct SwiftLogTests {
    @Test("takes kser's lines, with what they are about, from its own level on")
    func lines() async throws {
        let handler = InMemoryLogHandler()
        let logger = Logger(label: "jobs") { _ in handler }
        let controller = Controller(logger: KserLogger(logger))
        try await controller.register("good") { (_: JSONObject, _) in }
        try await controller.register("bad") { (_: JSONObject, _) in throw KserError.validation("no such mail") }
        _ = await controller.run(Message(uuid: "u-1", entrypoint: "good"))
        _ = await controller.run(Message(uuid: "u-2", entrypoint: "bad", params: ["token": "geheim"]))
        let entries = handler.entries
        #expect(!entries.contains { $0.level < .info })
        let success = try #require(entries.first { "\($0.message)".contains("Success") })
        #expect(success.level == .info)
        #expect(success.metadata["uuid"] == "u-1")
        #expect(success.metadata["entrypoint"] == "good")
        let failure = try #require(entries.first { $0.level == .error && $0.metadata["uuid"] == "u-2" })
        #expect("\(failure.message)".contains("no such mail"))
        #expect(!"\(entries)".contains("geheim"))
    }

    @Test("writes its own lines to a sink of kser")
    func handler() throws {
        let sink = Kept()
        let provider = Logger.MetadataProvider { ["trace": "t-1", "who": "provider"] }
        var logger = Logger(label: "client") { KserLogHandler(label: $0, sink: sink, metadataProvider: provider) }
        logger[metadataKey: "who"] = "handler"
        logger.debug("not shown")
        logger.critical("down", metadata: ["host": "db"])
        let record = try #require(sink.records.withLock { $0 }.first)
        #expect(sink.records.withLock { $0.count } == 1)
        #expect(record.level == .error)
        #expect(record.logger == "client")
        #expect(record.message == "down")
        #expect(record.metadata == ["trace": "t-1", "who": "provider", "host": "db"])
    }

    private final class Kept: LogSink {
        let records = Mutex<[LogRecord]>([])
        func log(_ record: LogRecord) { records.withLock { $0.append(record) } }
    }
}
#endif

import Foundation
import Kser
import KserKafka

extension Verb {
    static let deadLetters = Verb(
        name: "dlq",
        operands: "list TOPIC | show TOPIC PARTITION OFFSET | replay TOPIC",
        summary: "List, show and replay dead letters",
        details: """
            TOPIC is named as its senders name it, without -dlt. replay sends what is selected and was there when it began
            back to TOPIC; what came from elsewhere, or is not taken, is counted and stays, and the exit code is 65. How
            far it came is kept in the cluster, for each selection: a replay that was interrupted goes on where it stopped,
            and one that is run again sends nothing twice. --again begins at the first dead letter. Messages go back byte for
            byte, or with --reencode sealed with the current key: those that no key opens stay, and the exit code is 65.
            """,
        options: [
            Option("uuid", "u", value: "UUID", "only this message; may be repeated"),
            Option("entrypoint", "e", value: "NAME", "only this entrypoint; may be repeated"),
            Option("reason", "r", value: "REASON", "only this reason, such as exhausted; may be repeated"),
            Option("partition", "p", value: "NUMBER", "only this partition of the dead-letter topic; may be repeated"),
            Option("offsets", nil, value: "FIRST..LAST", "only these offsets of the dead-letter topic"),
            Option("limit", "n", value: "COUNT", "at most this many"),
            Option("suffix", nil, value: "TEXT", "what dead-letter topics end in; default -dlt"),
            Option("dry-run", nil, "replay: send nothing, say what would be sent"),
            Option("rate", nil, value: "NUMBER", "replay: at most this many a second"),
            Option("cap", nil, value: "COUNT", "replay: leave what was replayed this often; default 3"),
            Option("to", nil, value: "TOPIC", "replay: send to this topic instead"),
            Option("any-origin", nil, "replay: also what came from another topic than TOPIC, as its headers say"),
            Option("reencode", nil, "replay: open each message and seal it anew with the current key"),
            Option("again", nil, "replay: what was replayed before, too"),
            Option("secrets", nil, "show everything: values of params that look like secrets, and what is no message"),
            Option("progress", nil, "show progress even when nobody watches"), .json,
        ] + Option.keys + Option.sealing + Option.cluster
    ) { arguments in
        let action = try arguments.operands(2...4, "list TOPIC, show TOPIC PARTITION OFFSET or replay TOPIC")[0]
        let desk = try LetterDesk(arguments)
        switch action {
        case "list":
            _ = try arguments.operands(2...2, "list TOPIC")
            try await desk.list()
        case "show": try await desk.show(try arguments.operands(4...4, "show TOPIC PARTITION OFFSET"))
        case "replay":
            _ = try arguments.operands(2...2, "replay TOPIC")
            try await desk.replay()
        default: throw UsageError("\"\(action)\" must be list, show or replay")
        }
    }
}

/// What is done with the dead letters of a topic.
private struct LetterDesk {
    private let arguments: Arguments
    private let cluster: Cluster
    private let topic: String
    private let suffix: String
    private let letters: DeadLetters
    private let selection: DeadLetterSelection
    private let codec: any MessageCodec
    private let writer: any MessageCodec

    init(_ arguments: Arguments) throws {
        self.arguments = arguments
        cluster = try Cluster(arguments)
        topic = arguments.operands[1]
        suffix = arguments.text("suffix") ?? "-dlt"
        let sealing = try Sealing(arguments)
        (codec, writer) = (sealing.reader, sealing.writer)
        letters = DeadLetters(in: try cluster.reader(), suffix: suffix, codec: codec)
        selection = try DeadLetterSelection(arguments)
    }

    func list() async throws {
        let limit = try arguments.integer("limit") ?? .max
        for letter in try await letters.list(topic, selection, limit: limit) {
            arguments.has("json") ? Console.print(summary(of: letter)) : Console.print(shown("\(letter)"))
        }
    }

    func show(_ operands: [String]) async throws {
        guard let partition = Int32(operands[2]), partition >= 0, let offset = Int64(operands[3]), offset >= 0 else {
            throw UsageError("PARTITION and OFFSET must be whole numbers from 0 on")
        }
        guard let letter = try await letters.show(topic, partition: partition, offset: offset) else {
            throw CommandError(.failure, "there is no dead letter at \(topic)\(suffix)[\(partition)]@\(offset)")
        }
        let message = try? letter.message(codec: codec)
        let plain = message.flatMap { try? JSON(parsing: JSONMessageCodec().encode($0)).object }
        let shownMessage = arguments.has("secrets") ? plain : plain?.redacted
        if arguments.has("json") {
            var object = summary(of: letter)
            object.merge(["message": shownMessage.map { .object($0) } ?? nil])
            return Console.print(object)
        }
        for (name, value) in summary(of: letter) where !value.isNull {
            Console.print("\(name): \(value.string ?? value.description)")
        }
        let bytes = letter.record.value ?? []
        let raw = arguments.has("secrets") ? String(decoding: bytes, as: UTF8.self) : "\(bytes.count) bytes, none"
        Console.print("message: \(shownMessage?.description ?? raw)")
    }

    /// A text that may name secrets, as it may be shown.
    private func shown(_ text: String) -> String { arguments.has("secrets") ? text : text.redacted }

    private func summary(of letter: DeadLetter) -> JSONObject {
        var summary = letter.summary
        if let text = letter.errorText { summary["errorText"] = .string(shown(text)) }
        return summary
    }

    func replay() async throws {
        let isDryRun = arguments.has("dry-run")
        var options = ReplayOptions()
        options.isDryRun = isDryRun
        options.rate = try arguments.decimal("rate")
        options.cap = try arguments.integer("cap", in: 1...1_000_000) ?? options.cap
        options.topic = arguments.text("to")
        options.reencodes = arguments.has("reencode")
        options.admitsAnyOrigin = arguments.has("any-origin")
        let limit = try arguments.integer("limit") ?? .max

        let marks = ReplayMarks(try cluster.admin(), topic: topic + suffix, arguments)
        var selection = selection
        if !arguments.has("again") { selection.from = try await marks.load() }
        selection.until = try await letters.ends(of: topic)
        let producer = try cluster.producer(codec: writer)
        let interrupt = Interrupt()
        let bar = ProgressBar(nil, "dead letters", isForced: arguments.has("progress"))
        var total = ReplayReport()
        var isAtEnd = false
        // A step at a time: each is whole, and its mark is set, before a wish to stop is heeded.
        while !isAtEnd, !interrupt.isWished, total.replayed < limit {
            options.limit = min(Self.step(options.rate), limit - total.replayed)
            do {
                let report = try await letters.replay(topic, selection, with: producer, options: options)
                isAtEnd = report.replayed < options.limit
                try await add(report, to: &total, &selection, marks, isDryRun)
            } catch let error as ReplayError {
                try? await add(error.report, to: &total, &selection, marks, isDryRun)
                throw error
            }
            bar.update(total.replayed)
        }
        bar.finish(total.replayed)
        await producer.close()
        say(total, isDryRun)
        if interrupt.isWished, !isAtEnd {
            throw CommandError(.interrupted, "interrupted after \(total.replayed); run it again to go on")
        }
        if total.elsewhere > 0 {
            let text =
                "\(total.elsewhere) came from another topic and stay; --any-origin sends them where their headers say"
            throw CommandError(.data, text)
        }
        if total.refused > 0 { throw CommandError(.data, "\(total.refused) are not taken by their topic and stay") }
        if total.unreadable > 0 {
            let text = "\(total.unreadable) cannot be read and stay; with their key, replay them by --uuid or --offsets"
            throw CommandError(.data, text)
        }
    }

    private static func step(_ rate: Double?) -> Int {
        guard let rate, rate < 50 else { return 50 }
        return rate > 1 ? Int(rate) : 1
    }

    private func add(
        _ report: ReplayReport,
        to total: inout ReplayReport,
        _ selection: inout DeadLetterSelection,
        _ marks: ReplayMarks,
        _ isDryRun: Bool
    ) async throws {
        total.replayed += report.replayed
        total.inTheirPartition += report.inTheirPartition
        total.overCap += report.overCap
        total.ofOperations += report.ofOperations
        total.operations.formUnion(report.operations)
        total.passedOver += report.passedOver
        total.unreadable += report.unreadable
        total.elsewhere += report.elsewhere
        total.refused += report.refused
        selection.from.merge(report.ends) { $1 }
        if !isDryRun, !report.ends.isEmpty { try await marks.save(report.ends) }
    }

    private func say(_ report: ReplayReport, _ isDryRun: Bool) {
        if arguments.has("json") {
            Console.print([
                "replayed": .integer(Int64(report.replayed)),
                "inTheirPartition": .integer(Int64(report.inTheirPartition)),
                "overCap": .integer(Int64(report.overCap)),
                "ofOperations": .integer(Int64(report.ofOperations)),
                "operations": .array(report.operations.sorted().map { .string($0) }),
                "passedOver": .integer(Int64(report.passedOver)), "unreadable": .integer(Int64(report.unreadable)),
                "elsewhere": .integer(Int64(report.elsewhere)), "refused": .integer(Int64(report.refused)),
                "dryRun": .bool(isDryRun),
            ])
        } else {
            Console.print(
                "\(report.replayed) \(isDryRun ? "would be replayed" : "replayed"), "
                    + "\(report.inTheirPartition) of them to the partition they came from, "
                    + "\(report.overCap) over the cap, \(report.passedOver) passed over, "
                    + "\(report.elsewhere) of another topic, \(report.refused) not taken, \(report.unreadable) not readable"
            )
            if report.ofOperations > 0 {
                Console.print(
                    "\(report.ofOperations) stay: their operations have failed with them, run those again with "
                        + "kser operations retry UUID: \(report.operations.sorted().joined(separator: " "))"
                )
            }
        }
    }
}

extension DeadLetterSelection {
    fileprivate init(_ arguments: Arguments) throws {
        self.init()
        func set(_ name: String) -> Set<String>? { arguments.has(name) ? Set(arguments.all(name)) : nil }
        uuids = set("uuid")
        entrypoints = set("entrypoint")
        reasons = set("reason").map { Set($0.map { DeadLetterReason(rawValue: $0) }) }
        partitions = try set("partition").map { texts in
            Set(
                try texts.map { text in
                    guard let number = Int32(text), number >= 0 else {
                        throw UsageError("--partition must be a whole number from 0 on, not \"\(text)\"")
                    }
                    return number
                }
            )
        }
        offsets = try arguments.text("offsets").map { text in
            let ends = text.components(separatedBy: "..").map { Int64($0) }
            guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, last >= first, last < .max
            else {
                throw UsageError("--offsets must be FIRST..LAST, such as 0..99, not \"\(text)\"")
            }
            return first..<last + 1
        }
    }
}

extension DeadLetter {
    /// Where it stands and why, for people and programs.
    fileprivate var summary: JSONObject {
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? nil }
        func number(_ value: (some BinaryInteger)?) -> JSON { value.map { .integer(Int64($0)) } ?? nil }
        return [
            "topic": .string(record.topic), "partition": number(record.partition), "offset": number(record.offset),
            "uuid": text(uuid), "entrypoint": text(entrypoint), "operation": text(operation),
            "reason": text(reason?.rawValue),
            "errorCode": number(errorCode), "errorName": text(errorName), "errorText": text(errorText),
            "attempts": number(attempts), "firstFailure": number(firstFailure), "originalTopic": text(originalTopic),
            "originalPartition": number(originalPartition), "originalOffset": number(originalOffset),
            "originalTimestamp": number(originalTimestamp), "group": text(group), "replays": number(replays),
        ]
    }
}

import Foundation
import Kser
import KserKafka

extension Verb {
    static let send = Verb(
        name: "send",
        operands: "TOPIC [ENTRYPOINT [NAME=VALUE | NAME:=JSON]…]",
        summary: "Send one task, or one for each line of JSON",
        details: """
            kser send jobs mail.send to=ops@example.org copies:=2
            kser send jobs --file tasks.jsonl
            generate | kser send jobs --file - --entrypoint mail.send

            A line of a file is a message: an object with "entrypoint" and, unless they are to be made, "uuid", "params",
            "result" and "metadata". With --entrypoint it is the params alone. A line that is no such object is reported
            with its number, the others are sent, and the exit code is 65. Messages are sealed when there is a key.
            """,
        options: [
            Option("file", "f", value: "FILE", "read lines of JSON from a file, or from standard input with -"),
            Option("entrypoint", "e", value: "NAME", "the entrypoint of every line, which holds its params"),
            Option("uuid", "u", value: "UUID", "the uuid of a single task; default a random one"),
            Option("key", "k", value: "TEXT", "the key, which chooses the partition; default none"),
            Option("key-param", nil, value: "NAME", "take the key from this param of each task"),
            Option("progress", nil, "show progress even when nobody watches"), .json,
        ] + Option.keys + Option.sealing + Option.cluster
    ) { arguments in
        let cluster = try Cluster(arguments)
        let codec = try Sealing(arguments).writer
        let topic = try arguments.operands(1...Int.max, "TOPIC [ENTRYPOINT [NAME=VALUE…]]")[0]
        let form = TaskForm(arguments)
        if let path = arguments.text("file") {
            if arguments.operands.count > 1 { throw UsageError("give either --file or an entrypoint, not both") }
            if arguments.has("uuid") { throw UsageError("--uuid is for a single task") }
            let input = try Input(path)
            let sender = try Sender(try cluster.producer(codec: codec), topic, form)
            try await sender.send(input, arguments)
        } else {
            let message = try form.message(arguments)
            let producer = try cluster.producer(codec: codec)
            let sent = try await producer.send(form.record(message, codec, to: topic))
            await producer.close()
            let place: JSONObject = [
                "uuid": .string(message.uuid), "topic": .string(sent.topic),
                "partition": .integer(Int64(sent.partition)),
                "offset": sent.offset.map { .integer($0) } ?? nil,
            ]
            let text = "\(message.uuid) is in \(sent.topic)[\(sent.partition)]\(sent.offset.map { "@\($0)" } ?? "")"
            arguments.has("json") ? Console.print(place) : Console.print(text)
        }
    }
}

/// How tasks are made of what is typed or read.
private struct TaskForm: Sendable {
    private let entrypoint: String?
    private let key: String?
    private let keyParam: String?

    init(_ arguments: Arguments) {
        entrypoint = arguments.text("entrypoint")
        key = arguments.text("key")
        keyParam = arguments.text("key-param")
    }

    /// The task that is typed.
    func message(_ arguments: Arguments) throws -> Message {
        var words = arguments.operands.dropFirst()
        guard let entrypoint = entrypoint ?? words.popFirst() else {
            throw UsageError("the entrypoint is missing: kser send TOPIC ENTRYPOINT [NAME=VALUE…], or --file FILE")
        }
        let params = try words.map { word -> (key: String, value: JSON) in
            let (name, value) = try Arguments.pair(word, of: "a param")
            guard name.hasSuffix(":") else { return (name, .string(value)) }
            guard let json = try? JSON(parsing: value) else {
                throw UsageError("param \(name)= must be JSON, not \"\(value)\"; text is NAME=VALUE")
            }
            return (String(name.dropLast()), json)
        }
        return Message(uuid: arguments.text("uuid"), entrypoint: entrypoint, params: JSONObject(params))
    }

    /// The task of a line.
    func message(_ line: [UInt8]) throws -> Message {
        guard case .object(let object) = try JSON(parsing: line) else {
            throw KserError.validation("it is no JSON object")
        }
        if let entrypoint { return Message(entrypoint: entrypoint, params: object) }
        guard let name = object["entrypoint"]?.string, !name.isEmpty else {
            throw KserError.validation("it has no \"entrypoint\"; give --entrypoint when lines are params")
        }
        if object["uuid"] != nil { return try JSONMessageCodec().decode(line) }
        // What only lacks a uuid gets one; anything else that is wrong is refused as for a worker.
        if object["result"] == nil, object["metadata"] == nil, case .object(let params)? = object["params"] {
            return Message(entrypoint: name, params: params)
        }
        var whole: JSONObject = ["uuid": .string(.randomUUID())]
        whole.merge(object)
        return try JSONMessageCodec().decode(JSON.object(whole).bytes())
    }

    func record(_ message: Message, _ codec: any MessageCodec, to topic: String) throws -> ProducerRecord {
        let key = keyParam.flatMap { message.params[$0] }.map { $0.string ?? $0.description } ?? key
        return try ProducerRecord(message, to: topic, key: key.map { Array($0.utf8) }, codec: codec)
    }
}

/// Sends the lines of an input.
private struct Sender {
    private let producer: Producer
    private let topic: String
    private let form: TaskForm
    private static let inFlight = 20_000
    private static let shownRejects = 20

    init(_ producer: Producer, _ topic: String, _ form: TaskForm) throws {
        (self.producer, self.topic, self.form) = (producer, topic, form)
    }

    func send(_ input: Input, _ arguments: Arguments) async throws {
        let bar = ProgressBar(nil, "messages", isForced: arguments.has("progress"))
        let interrupt = Interrupt()
        var (sent, rejected) = (0, 0)
        var deliveries: [Delivery] = []
        lines: for try await lines in input {
            for line in lines {
                if interrupt.isWished { break lines }
                do {
                    let record = try form.record(form.message(line.bytes), producer.codec, to: topic)
                    deliveries.append(try await producer.enqueue(record))
                } catch let error as KserError {
                    rejected += 1
                    if rejected <= Self.shownRejects { Console.error("line \(line.number): \(error.message)") }
                    continue
                }
                if deliveries.count < Self.inFlight { continue }
                sent += try await settle(&deliveries, keeping: Self.inFlight / 2)
                bar.update(sent)
            }
        }
        sent += try await settle(&deliveries, keeping: 0)
        bar.finish(sent)
        await producer.close()
        let summary: JSONObject = ["sent": .integer(Int64(sent)), "rejected": .integer(Int64(rejected))]
        arguments.has("json") ? Console.print(summary) : Console.print("\(sent) sent to \(topic), \(rejected) rejected")
        if interrupt.isWished { throw CommandError(.interrupted, "interrupted after \(sent) messages") }
        if rejected > 0 { throw CommandError(.data, "\(rejected) lines are no messages; the others are sent") }
    }

    /// Waits for the oldest deliveries.
    private func settle(_ deliveries: inout [Delivery], keeping count: Int) async throws -> Int {
        let settled = deliveries.count - count
        for delivery in deliveries.prefix(settled) { _ = try await delivery.metadata() }
        deliveries.removeFirst(settled)
        return settled
    }
}

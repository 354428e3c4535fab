/// Lists the dead letters of topics, shows them and sends them back.
///
///     let letters = DeadLetters(in: try KafkaTopicReader(bootstrapServers: "kafka:9092"))
///     for letter in try await letters.list("jobs") { print(letter) }
///     let report = try await letters.replay("jobs", .uuids("5f0c…"), with: producer)
///
/// Topics are named without the suffix, as workers name them. A letter that was replayed stays in its topic, for a log
/// forgets nothing: replay from ``ReplayReport/ends`` on to send none twice.
///
/// A task of a launched operation failed together with its operation, and nobody would run a copy of it: such letters stay,
/// and ``ReplayReport/operations`` names the operations, which ``LaunchedOperation/retry()`` runs again.
public struct DeadLetters: Sendable {
    private let reader: any TopicReader
    private let suffix: String
    private let codec: any MessageCodec

    /// Makes it.
    ///
    /// - Parameters:
    ///   - reader: reads the dead-letter topics.
    ///   - suffix: what ``DeadLetterTopic`` adds to a topic's name.
    ///   - codec: reads messages, for what headers do not tell; `KserCrypto` has one that opens sealed messages.
    public init(
        in reader: any TopicReader,
        suffix: String = "-dlt",
        codec: any MessageCodec = JSONMessageCodec()
    ) {
        self.reader = reader
        self.suffix = suffix
        self.codec = codec
    }

    /// The dead letters of a topic, by partition and offset.
    ///
    /// - Parameters:
    ///   - topic: the topic that they were sent to, without the suffix.
    ///   - selection: which ones.
    ///   - limit: how many at most.
    /// - Returns: the letters that are there now.
    /// - Throws: why the topic cannot be read.
    public func list(
        _ topic: String,
        _ selection: DeadLetterSelection = .all,
        limit: Int = .max
    ) async throws -> [DeadLetter] {
        var letters: [DeadLetter] = []
        if limit <= 0 { return letters }
        try await forEach(topic, selection) { letter in
            if selection.contains(letter) { letters.append(letter) }
            return letters.count < limit
        }
        return letters
    }

    /// The dead letter at a place of the dead-letter topic; nil when there is none.
    ///
    /// - Throws: why the topic cannot be read.
    public func show(_ topic: String, partition: Int32, offset: Int64) async throws -> DeadLetter? {
        if offset < 0 || offset == .max { return nil }
        var selection = DeadLetterSelection()
        selection.partitions = [partition]
        selection.offsets = offset..<offset + 1
        return try await list(topic, selection, limit: 1).first
    }

    /// Where the partitions of a topic's dead-letter topic end now: for ``DeadLetterSelection/until``.
    ///
    /// - Throws: why the topic cannot be read.
    public func ends(of topic: String) async throws -> [Int32: Int64] {
        try await reader.offsets(of: topic + suffix).mapValues(\.upperBound)
    }

    /// Sends dead letters back to the topic and the partitions that they came from, as they were sent first but for a
    /// header that counts the replays. Letters that arrive meanwhile are not looked at. One that cannot be sent stays, is
    /// counted, and stops no other.
    ///
    /// - Parameters:
    ///   - topic: the topic that they were sent to, without the suffix.
    ///   - selection: which ones.
    ///   - producer: sends them.
    ///   - options: how fast, how often, and whether at all.
    /// - Returns: what was done.
    /// - Throws: ``ReplayError`` with what was done until then.
    @discardableResult
    public func replay(
        _ topic: String,
        _ selection: DeadLetterSelection = .all,
        with producer: any MessageProducer,
        options: ReplayOptions = ReplayOptions()
    ) async throws -> ReplayReport {
        var report = ReplayReport()
        var current: DeadLetter?
        var partitions: [String: Set<Int32>] = [:]
        do {
            if options.limit <= 0 { return report }
            try await forEach(topic, selection) { letter in
                current = letter
                if !selection.contains(letter) {
                    report.passedOver += 1
                } else if !letter.isFrom(topic), !options.admitsAnyOrigin {
                    report.elsewhere += 1
                } else if letter.replays >= options.cap {
                    report.overCap += 1
                } else if options.topic == nil, letter.failedInOperation {
                    report.note(operation: letter.operation)
                } else if var record = try await replayed(
                    letter,
                    to: options.topic ?? letter.originalTopic ?? topic,
                    as: options.reencodes ? producer.codec : nil
                ) {
                    if options.keepsPartition, options.topic == nil {
                        record.partition = await partition(of: letter, to: record.topic, &partitions)
                    }
                    if !options.isDryRun, let rate = options.rate, rate > 0, report.replayed > 0 {
                        try await options.clock.sleep(.seconds(min(1 / rate, 1e9)))
                    }
                    let isSent =
                        options.isDryRun ? true : try await send(record, of: letter, with: producer, besides: topic)
                    if isSent {
                        report.replayed += 1
                        if record.partition != nil { report.inTheirPartition += 1 }
                    } else {
                        report.refused += 1
                    }
                } else {
                    report.unreadable += 1
                }
                current = nil
                report.ends[letter.record.partition] = letter.record.offset.addingSaturating(1)
                return report.replayed < options.limit
            }
        } catch {
            throw ReplayError(report: report, letter: current, cause: error)
        }
        return report
    }

    /// Sends the record of a letter.
    ///
    /// - Returns: false when it is never taken as it is; all others may be all the same.
    private func send(
        _ record: ProducerRecord,
        of letter: DeadLetter,
        with producer: any MessageProducer,
        besides topic: String
    ) async throws -> Bool {
        do {
            _ = try await producer.send(record)
            return true
        } catch {
            if (error as? any ClientError)?.isOfRecordAlone == true { return false }
            // It may be a header alone that names the topic.
            if record.topic == letter.originalTopic, !letter.isFrom(topic) {
                switch SendVerdict(error) {
                case .tooLarge, .refused, .unknownTopic: return false
                case .transient, .fatal: break
                }
            }
            throw error
        }
    }

    /// The partition that a letter came from; nil when its topic has none of this number, or none can be told. What topics
    /// have is asked for once.
    private func partition(
        of letter: DeadLetter,
        to topic: String,
        _ known: inout [String: Set<Int32>]
    ) async -> Int32? {
        guard let original = letter.originalPartition, topic == letter.originalTopic else { return nil }
        // A topic that cannot be told of is for the producer to refuse.
        let partitions =
            if let partitions = known[topic] { partitions } else {
                await Set((try? reader.offsets(of: topic))?.keys.map(\.self) ?? [])
            }
        known[topic] = partitions
        return partitions.contains(original) ? original : nil
    }

    /// The record of a letter, its value as it came or written anew by a codec; nil for one that cannot be read.
    private func replayed(
        _ letter: DeadLetter,
        to topic: String,
        as writer: (any MessageCodec)?
    ) async throws -> ProducerRecord? {
        guard let source = letter.cut.contains("value") ? try await original(of: letter) : letter.record else {
            return nil
        }
        var headers = source.foreignHeaders.filter { $0.name != LetterHeader.replays }
        headers.append(Record.Header(LetterHeader.replays, text: "\(letter.replays.addingSaturating(1))"))
        guard let writer else {
            return ProducerRecord(topic: topic, key: source.key, value: source.value, headers: headers)
        }
        guard let value = source.value, let message = try? codec.decode(value, of: source) else { return nil }
        return try ProducerRecord(message, to: topic, key: source.key, headers: headers, codec: writer)
    }

    /// The record that a letter was made of; nil when it is there no more.
    private func original(of letter: DeadLetter) async throws -> Record? {
        guard let topic = letter.originalTopic, let partition = letter.originalPartition,
            let offset = letter.originalOffset, try await reader.offsets(of: topic)[partition]?.contains(offset) == true
        else { return nil }
        var found: Record?
        try await reader.read(topic, partition: partition, offsets: offset..<offset + 1) { record in
            found = record
            return false
        }
        return found?.cut == .nothing ? found : nil
    }

    private func forEach(
        _ topic: String,
        _ selection: DeadLetterSelection,
        _ body: (DeadLetter) async throws -> Bool
    ) async throws {
        let name = topic + suffix
        var goesOn = true
        for (partition, held) in try await reader.offsets(of: name).sorted(by: { $0.key < $1.key }) where goesOn {
            let part = selection.part(of: held, partition: partition)
            if part.isEmpty { continue }
            try await reader.read(name, partition: partition, offsets: part) { record in
                goesOn = try await body(DeadLetter(record, codec: codec))
                return goesOn
            }
        }
    }
}

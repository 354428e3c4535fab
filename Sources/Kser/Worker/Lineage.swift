/// Where a record began and what it has been through: what a retry record carries in its headers.
struct Lineage: Sendable {
    /// The topic that the record was in before any retry topic.
    var topic: String
    var partition: Int32
    var offset: Int64
    var timestamp: Int64?
    /// How often it was tried.
    var attempts = 0
    /// How many retry topics it was sent to.
    var rung = 0
    /// When it may be tried again, in milliseconds since 1970, and the delay of the retry topic that it is in.
    var due: (time: Int64, delay: Duration)?
    /// When it failed first, in milliseconds since 1970.
    var firstFailure: Int64?
    /// The consumer group that failed.
    var group: String?
    /// Whether the message is secret: its headers hold no texts then.
    var isSecret = false

    /// Reads a record. One that is in no retry topic of the worker's own begins here, whatever headers it has.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - retries: the worker's retry topics; nil when it has none.
    init(_ record: Record, through retries: RetryTopics?) {
        topic = record.topic
        partition = record.partition
        offset = record.offset
        timestamp = record.timestamp
        let names = LetterHeader.Origin.retry
        guard let retries, let origin = record.text(of: names.topic),
            let delay = retries.delay(of: record.topic, behind: origin),
            let rung = record.text(of: LetterHeader.rung).flatMap({ Int($0) }), rung > 0
        else { return }
        topic = origin
        partition = record.integer(of: names.partition).flatMap { Int32(exactly: $0) } ?? -1
        offset = record.integer(of: names.offset) ?? -1
        timestamp = record.integer(of: names.timestamp)
        attempts = max(1, record.integer(of: LetterHeader.attempts).flatMap { Int32(exactly: $0) }.map { Int($0) } ?? 1)
        self.rung = rung
        due = record.integer(of: LetterHeader.due).map { claimed in
            let latest = record.timestamp?.addingSaturating(delay.milliseconds) ?? .max
            return (min(claimed, latest), delay)
        }
        firstFailure = record.text(of: LetterHeader.firstFailure).flatMap { Int64($0) }
    }

    /// The headers of the record for a retry topic.
    func retryHeaders(of record: Record, _ failure: Dispatch, _ cut: Cut) -> [Record.Header] {
        var headers = record.foreignHeaders
        addCommon(&headers, failure, cut, origin: .retry)
        if let due { headers.append(Record.Header(LetterHeader.due, bigEndian: due.time)) }
        headers.append(Record.Header(LetterHeader.rung, text: "\(rung)"))
        return headers
    }

    /// The headers of the record for the dead-letter topic.
    func letterHeaders(
        of record: Record,
        _ failure: Dispatch,
        reason: DeadLetterReason,
        _ cut: Cut
    ) -> [Record.Header] {
        var headers = record.foreignHeaders
        if cut.leavesOut(.headers) { headers = [Record.Header(LetterHeader.replays, text: "\(record.replays)")] }
        addCommon(&headers, failure, cut, origin: .letter)
        headers.append(Record.Header(LetterHeader.reason, text: reason.rawValue))
        if cut != .nothing { headers.append(Record.Header(LetterHeader.cut, text: cut.text)) }
        return headers
    }

    private func addCommon(
        _ headers: inout [Record.Header],
        _ failure: Dispatch,
        _ cut: Cut,
        origin names: LetterHeader.Origin
    ) {
        headers.append(Record.Header(names.topic, text: topic))
        headers.append(Record.Header(names.partition, bigEndian: partition))
        headers.append(Record.Header(names.offset, bigEndian: offset))
        if let timestamp { headers.append(Record.Header(names.timestamp, bigEndian: timestamp)) }
        if let group { headers.append(Record.Header(LetterHeader.group, text: group)) }
        headers.append(Record.Header(LetterHeader.attempts, bigEndian: Int32(clamping: attempts)))
        if let firstFailure {
            headers.append(Record.Header(LetterHeader.firstFailure, text: "\(firstFailure)"))
        }
        headers.append(Record.Header(LetterHeader.errorCode, text: "\(failure.result.retcode)"))
        if isSecret { return }
        if let message = failure.message {
            headers.append(Record.Header(LetterHeader.uuid, text: message.uuid.bounded))
            headers.append(Record.Header(LetterHeader.entrypoint, text: message.entrypoint.bounded))
        }
        if let name = failure.result.retval["error"]?["name"]?.string {
            headers.append(Record.Header(LetterHeader.errorName, text: name.bounded))
        }
        if !cut.leavesOut(.errorText) {
            headers.append(Record.Header(LetterHeader.errorText, text: failure.result.stderr.bounded))
        }
    }
}

import Kser
import TestSupport

/// What consumers of one group told about their commits, and so which records may be handled again.
///
/// A record that is done is handled again only if its offset was not committed. That is so for the records between the
/// last commit that the broker took of a partition and one that it refused, and for those that were done since the last
/// commit when a partition was lost, or a commit was not answered. Handlers run one at a time in each partition.
final class CommitLog: LogSink, Sendable {
    fileprivate struct State: Sendable {
        var accepted: [Int32: Int64] = [:]
        var refused = 0
        var lost = 0
        var open: [Int32: Set<Int64>] = [:]
        var lines: [String] = []
    }

    private let state = Watched(State())
    private let journal: Journal
    private let topic: String

    init(of topic: String, _ journal: Journal) {
        self.topic = topic
        self.journal = journal
    }

    var logger: KserLogger { KserLogger(level: .debug, sink: self) }

    /// How many commits were refused or not answered, and partitions lost.
    var refused: Int { state.value.refused }

    /// How many times partitions were lost.
    var lost: Int { state.value.lost }

    /// Offsets that may be handled again, by partition.
    var open: [Int32: Set<Int64>] { state.value.open }

    var lines: [String] { state.value.lines }

    func log(_ record: LogRecord) {
        let (text, last) = (record.message, journal.pages.value.last)
        let offsets = offsets(in: text)
        state.update { state in
            state.lines.append(text)
            if text.hasPrefix("Committed: ") {
                state.accepted.merge(offsets) { $1 }
            } else if text.contains("it is tried again: ") {
                state.refuse(offsets)
            } else if text.hasPrefix("Lost: ") {
                // Nobody waits for what a lost partition has in work: one record more.
                let lost = last.filter { text.contains("\(self.topic)[\($0.key)]") }
                state.lost += lost.count
                state.refuse(lost.mapValues { $0 + 2 })
            } else if text.hasPrefix("No answer to a commit") {
                state.refuse(last.mapValues { $0 + 1 })
            }
        }
    }

    /// The `topic[partition]@offset` in a line.
    private func offsets(in text: String) -> [Int32: Int64] {
        var offsets: [Int32: Int64] = [:]
        for match in text.matches(of: /\[(\d+)\]@(\d+)/) {
            if let partition = Int32(match.1), let offset = Int64(match.2) { offsets[partition] = offset }
        }
        return offsets
    }
}

extension CommitLog.State {
    /// Notes that what is done up to these offsets was not committed.
    fileprivate mutating func refuse(_ ends: [Int32: Int64]) {
        refused += 1
        for (partition, end) in ends {
            let start = accepted[partition] ?? 0
            if start < end { open[partition, default: []].formUnion(start..<end) }
        }
    }
}

import Synchronization

/// Notes which handlers run, and lets none run that ended the process too often.
final class CrashGuard: Sendable {
    private let crashes: CrashLimit
    private let group: String
    private let logger: KserLogger
    /// How often records were begun by workers that did not end them, by partition and offset.
    private let suspects = Mutex<[TopicPartition: [Int64: Int]]>([:])
    /// The place of the one suspect that runs.
    private let place = Permits(1)

    init(_ crashes: CrashLimit, group: String, logger: KserLogger) {
        self.crashes = crashes
        self.group = group
        self.logger = logger
    }

    /// Learns what was in work in a partition that is taken over.
    func open(_ partition: PartitionStream) async {
        do {
            let begun = try await crashes.journal.begun(by: group, in: partition.place)
            suspects.withLock { $0[partition.place] = begun.isEmpty ? nil : begun }
        } catch {
            logger.consumer(.warning, "what was in work in \(partition.place) is not known: \(error)")
        }
    }

    /// Runs a handler, unless it ended the process too often.
    func run(
        _ record: Record,
        _ work: () async throws -> ExecutionResult
    ) async throws -> ExecutionResult {
        let partition = TopicPartition(topic: record.topic, partition: record.partition)
        let count = suspects.withLock { $0[partition]?[record.offset] ?? 0 }
        // Suspects run one at a time.
        if count > 0 { await place.take() }
        defer { if count > 0 { place.giveBack() } }
        guard count < crashes.limit else {
            await note(0, record, partition)
            throw Dispatch.Refused(
                .crashed,
                .internal("The process ended \(count) time(s) while this message was handled; it is not run again")
            )
        }
        await note(count + 1, record, partition)
        let result: Result<ExecutionResult, any Error>
        do { result = .success(try await work()) } catch { result = .failure(error) }
        await note(Task.isCancelled ? count : 0, record, partition)
        return try result.get()
    }

    private func note(_ count: Int, _ record: Record, _ partition: TopicPartition) async {
        if count == 0 { suspects.withLock { _ = $0[partition]?.removeValue(forKey: record.offset) } }
        do {
            try await crashes.journal.note(count, by: group, in: partition, offset: record.offset)
        } catch {
            let step = count == 0 ? "ended" : "begins"
            logger.consumer(.warning, "that \(record.position) \(step) is not noted: \(error)")
        }
    }
}

import Synchronization

// How a worker ends, and what it waits for then.
extension Worker {
    /// Works, until it is done with everything or the shutdown is cut short.
    ///
    /// The work is a task of its own, so that nothing in it can hold up the end: who waits here waits for the end of the
    /// work or for the cut, and for nothing else.
    func workUntilCutShort() async throws {
        try options.check(with: concurrency, controller.codec)
        if !begun.keep() { throw KserError.internal("A worker runs once; this is a second time") }
        let working = Task(executorPreference: Self.preferredExecutor) {
            await self.work()
            self.ended.keep()
        }
        let watching = Task { await watchShutdown() }
        let signals = SignalWatch(options.shutdownSignals) { [weak self] in self?.takeSignal() }
        defer {
            signals.end()
            watching.cancel()
            working.cancel()
        }
        await withTaskCancellationHandler {
            await ended.settled()
        } onCancel: {
            working.cancel()
            ending.keep()
        }
        try failure.outcome?.get()
    }

    /// The executor that the task prefers: a task of its own does not take it over by itself.
    static var preferredExecutor: (any TaskExecutor)? {
        guard #available(macOS 26.4, *) else { return nil }
        return withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
    }

    /// The first signal shuts the worker down; the second one ends ``run()`` whatever goes on.
    private func takeSignal() {
        if signals.add(1, ordering: .relaxed).newValue == 1 { return stop() }
        cutShort(KserError(.cancelled, "The shutdown was cut short by a second signal"))
    }

    /// Tells what the shutdown waits for, again and again, and ends it when its time is over.
    private func watchShutdown() async {
        try? await ending.value()
        let (clock, limit) = (options.clock, options.hardTimeout)
        let begin = clock.uptime()
        var pause = Duration.seconds(5)
        while !Task.isCancelled {
            let left = limit.map { $0 - (clock.uptime() - begin) }
            do { try await clock.sleep(min(pause, left ?? pause)) } catch { return }
            let time = clock.uptime() - begin
            if let limit, time >= limit {
                let error = KserError(.deadlineExceeded, "The shutdown took longer than hardTimeout, \(limit)")
                return cutShort(error)
            }
            log(.warning, "Consumer: shutting down for \(time), \(remainder())")
            pause = min(pause * 2, .seconds(60))
        }
    }

    /// Has ``run()`` throw the error, unless there is one already, and wait for nothing more.
    private func cutShort(_ error: KserError) {
        log(.error, "Consumer: \(error.message); \(remainder())")
        failure.fail(error)
        ending.keep()
        ended.keep()
    }

    /// What the worker has not done yet, for people.
    private func remainder() -> String {
        let partitions = partitions.withLock { Array($0.values) }
        let running = partitions.flatMap { $0.inWork.entries }.sorted { $0.start < $1.start }
        let unsettled = partitions.reduce(0) { $0 + $1.inFlight } - running.count
        var parts = running.prefix(5).map { describe($0) }
        if running.count > 5 { parts.append("\(running.count - 5) more handler(s)") }
        if unsettled > 0 { parts.append("\(unsettled) record(s) whose outcome is not sent or committed") }
        if parts.isEmpty { return "it waits for its consumer to leave the group" }
        return "it waits for \(parts.joined(separator: ", "))"
    }

    private func describe(_ entry: RecordsInWork.Entry) -> String {
        let age = entry.start.duration(to: .now)
        let message = entry.record.value.flatMap { try? controller.codec.decode($0, of: entry.record) }
        let name = message.map { " \(Self.cut($0.entrypoint))[\(Self.cut($0.uuid))]" } ?? ""
        return "\(entry.record.position)\(name), which runs since \(age)"
    }

    private static func cut(_ text: String) -> String { String(decoding: text.utf8.prefix(64), as: UTF8.self) }
}

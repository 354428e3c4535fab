import Foundation
import TestSupport
import Testing

/// Worker processes, and what they handled by their own account.
final class Fleet: Sendable {
    struct Handling: Sendable {
        var partition: Int32
        var offset: Int64
    }

    struct Tally: Sendable {
        /// How often each task was handled.
        var times: [String: Int] = [:]
        /// What each process handled.
        var handlings: [Int: [Handling]] = [:]

        var twice: Int { times.values.reduce(0) { $0 + $1 - 1 } }

        mutating func add(_ line: String, of worker: Int) {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let partition = Int32(parts[1]), let offset = Int64(parts[2]) else { return }
            times[String(parts[0]), default: 0] += 1
            handlings[worker, default: []].append(Handling(partition: partition, offset: offset))
        }
    }

    let tally = Watched(Tally())
    private let arguments: [String]
    private let workers = Watched<[ChildProcess]>([])

    init(_ stage: Stage, _ arguments: [String]) {
        self.arguments =
            ["servers=\(stage.servers)", "topic=\(stage.topic)", "group=\(stage.group)"] + arguments
    }

    /// Starts a worker, and waits until signals end it gracefully.
    ///
    /// - Parameters:
    ///   - instance: its name as a static member of the group.
    ///   - others: further arguments of its own.
    /// - Returns: its number.
    /// - Throws: why it does not run.
    func start(_ instance: String, _ others: [String] = []) async throws -> Int {
        let number = workers.value.count
        let tally = tally
        let process = try ChildProcess(
            Components.products.appending(path: "FaultWorker").path(),
            arguments + others + ["instance=\(instance)"],
            onLine: { line in tally.update { $0.add(line, of: number) } }
        )
        workers.update { $0.append(process) }
        _ = try await process.line(within: .seconds(30))
        return number
    }

    /// Kills a worker with SIGKILL, and waits until it is gone.
    func kill(_ worker: Int) async throws {
        let process = workers.value[worker]
        process.kill()
        _ = try await process.end(within: .seconds(20))
    }

    /// Waits until a worker has ended by itself, by a signal of its own.
    func crash(_ worker: Int) async throws {
        let end = try await workers.value[worker].end(within: .seconds(60))
        // As shells tell of signals.
        #expect(end.status > 128, "\(end)")
    }

    /// Ends a worker with SIGTERM, and waits until it has left with status 0.
    func terminate(_ worker: Int) async throws {
        let process = workers.value[worker]
        process.terminate()
        try await process.success(within: .seconds(40))
    }

    /// What the workers logged last.
    var logs: String {
        workers.value.enumerated()
            .map { "worker \($0)\($1.isRunning ? ", running" : ""):\n\($1.errorText.suffix(3_000))" }
            .joined(separator: "\n")
    }

    /// Waits until this many different tasks are handled.
    func handled(_ count: Int, within duration: Duration = .seconds(60)) async throws {
        do {
            let tally = tally
            try await withDeadline(duration, "\(count) tasks handled") {
                try await tally.wait { $0.times.count >= count ? () : nil }
            }
        } catch {
            throw FaultTests.Stuck(cause: error, found: "\(tally.value.times.count)\n\(logs)")
        }
    }
}

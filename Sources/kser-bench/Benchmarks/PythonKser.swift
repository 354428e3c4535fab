import Foundation
import Kser
import KserKafka
import TestSupport

/// Our worker beside Python kser's, each with a handler that does nothing, on one broker.
@concurrent
func pythonKser(on stage: Stage) async throws -> [Row] {
    let backlog = try await stage.backlog()
    guard let interpreter = try? Components.python(), case .noida = backlog.broker else {
        print("python-kser needs the Python environment: make deps")
        return []
    }
    let figures = try await Rounds(count: 3).compare(
        { try await work(through: backlog, .partition) },
        with: { try await pythonRate(interpreter, backlog) }
    )
    return [Row(name: "python-kser", ours: figures.ours, baseline: figures.baseline, unit: "messages/s", target: 200)]
}

private func pythonRate(_ interpreter: String, _ backlog: Backlog) async throws -> Double {
    let group = backlog.freshGroup()
    let locks = FileManager.default.temporaryDirectory.appending(path: group.groupID)
    try FileManager.default.createDirectory(at: locks, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: locks) }
    let worker = try ChildProcess(
        interpreter,
        [
            Components.support("peers/py_worker.py"),
            "--bootstrap", backlog.broker.bootstrapServers, "--topic", backlog.topics[0], "--results", "",
            "--group", group.groupID, "--driver", "confluent", "--config", #"{"queued.min.messages": 1000}"#,
            "--max", "4000",
        ],
        environment: ["LOCK_PATH": locks.path()]
    )
    return try await worker.figure { line in
        guard let report = try? JSON(parsing: line), report["consumed"] != nil else { return nil }
        return report["per_second"]?.double
    }
}

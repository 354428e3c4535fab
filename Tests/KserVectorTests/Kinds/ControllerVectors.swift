import Foundation
import Kser
import Synchronization
import Testing

extension VectorTests {
    @Suite("controller")
    struct Controllers {
        @Test(arguments: VectorFolder.kser("controller"))
        func controller(_ entry: VectorEntry) async {
            await entry.run(swift: ControllerRun.complaint) { vector in
                let run = try ControllerRun(vector)
                defer { run.cleanUp() }
                return try await run.outcome()
            }
        }
    }
}

/// Registers entrypoints with a controller and runs texts through it.
private struct ControllerRun {
    private let scripts: [Script]
    private let inputs: [[UInt8]]
    private let controller: Controller
    private let lines = LogLines()
    private let file: RunningFileProbe

    init(_ vector: Vector) throws {
        let given = try Fields(
            vector.given,
            "given",
            allowing: [
                "entrypoints", "controller", "input", "input_base64", "input_parts", "raws", "crypto_key",
                "register_invalid", "running_dir_missing",
            ]
        )
        scripts = try given.optional("entrypoints", Fields.list)?.map(Script.init) ?? []
        inputs =
            try given.optional("raws", Fields.texts)?.map { Array($0.utf8) } ?? [inputBytes(of: given.object)]
        let script = try ControllerScript(
            given.object["controller"],
            defaultName: given.has("crypto_key") ? "CryptoController" : "Controller"
        )
        file = try RunningFileProbe(isInMissingFolder: given.has("running_dir_missing"))
        controller = Controller(
            name: script.name,
            codec: try makeCodec(for: given.object),
            hooks: script.hooks,
            middleware: [RunningFile(path: file.path), file],
            logger: lines.logger
        )
    }

    func outcome() async throws -> JSON {
        for script in scripts { try await register(script.entrypoint, as: script.name) }
        let registerLog = lines.take()
        var runs: [JSON] = []
        for input in inputs {
            let result = await controller.run(input)
            runs.append([
                "outcome": Outcome.returning(result),
                "log": lines.take(),
                "running_file_during": file.takeSeen().map(JSON.string) ?? .null,
                "running_file_after": file.content.map(JSON.string) ?? .null,
            ])
        }
        return ["register_log": registerLog, "runs": .array(runs)]
    }

    private func register(_ entrypoint: some Scripted, as name: String) async throws {
        try await controller.register(entrypoint, as: name)
    }

    func cleanUp() { file.remove() }
}

extension ControllerRun {
    /// What has to hold where Python dies or loses the result: every run has a whole result and a line that says so.
    static func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
        for (index, run) in (outcome["runs"]?.array ?? []).enumerated() {
            let result = run["outcome"]?["returns"]?["result"]
            guard let retcode = result?["retcode"]?.int, result?["uuid"]?.string?.isEmpty == false else {
                return "not a whole result: \(run)"
            }
            let level: JSON = retcode < 300 ? "INFO" : "ERROR"
            guard run["log"]?.array?.last?["level"] == level else { return "the outcome is not logged: \(run)" }
            let recorded = vector.expect["runs"]?[index]?["outcome"]
            if recorded?["returns"]?.isNull == true, result?["stdout"]?.string?.isEmpty == true, retcode < 300 {
                return "the result so far is lost: \(run)"
            }
        }
        return nil
    }
}

/// The running file of a case, and what it held while the message ran: it stands inside of ``RunningFile``.
private final class RunningFileProbe: Middleware {
    let path: String
    private let folder: URL
    private let seen = Mutex<String?>(nil)

    init(isInMissingFolder: Bool) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("kser-vectors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent(isInMissingFolder ? "no-such-folder/run.lock" : "run.lock").path
    }

    func handle(_ invocation: Invocation, next: Next) async throws -> ExecutionResult {
        let content = content
        seen.withLock { $0 = content }
        return try await next(invocation)
    }

    /// What the file held during the last run; nil when no message got that far.
    func takeSeen() -> String? { seen.withLock { $0.take() } }

    var content: String? { try? String(contentsOfFile: path, encoding: .utf8) }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}

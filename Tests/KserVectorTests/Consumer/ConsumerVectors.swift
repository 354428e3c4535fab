import Kser
import Synchronization
import Testing

extension VectorTests {
    @Suite("consumer")
    struct Consumers {
        @Test(arguments: VectorFolder.kser("consumer"))
        func consumer(_ entry: VectorEntry) async throws {
            guard case .vector(let vector) = entry else { return await entry.run { $0.expect } }
            let run: ConsumerRun
            do {
                run = try ConsumerRun(vector)
            } catch {
                return await entry.run { _ in throw error }
            }
            defer { run.stage.cleanUp() }
            await entry.run(place: run.place, swift: ConsumerRun.complaint) { _ in try await run.outcome() }
        }
    }
}

/// Runs a worker over the messages of a case.
private struct ConsumerRun {
    let stage: ConsumerStage

    init(_ vector: Vector) throws { stage = try ConsumerStage(ConsumerCase(vector.given)) }

    /// What the placeholders stand for.
    var place: [String: String] { ["LOCK_PATH": stage.folder, "HOSTNAME": ConsumerStage.host] }

    func outcome() async throws -> JSON {
        let source = ScriptedSource(stage)
        let executor = IdleExecutor { source.workerIsIdle() }
        let worker = Worker(
            consumer: source,
            controller: try await makeController(),
            options: WorkerOptions(
                acknowledgement: stage.script.commitsBeforeRun ? .beforeRun : .afterRun,
                controlFiles: stage.script.looksAtFiles ? stage.files : nil
            )
        )
        let work = Task(executorPreference: executor) { try await worker.run() }
        let ended = await work.result
        var outcome: JSONObject = [
            "ends": ends(ended),
            "files_before_release": stage.filesAtEnd,
            "events": stage.events,
            "log": stage.linesAtEnd,
        ]
        if stage.script.isReleased { outcome["files_after_release"] = stage.fileStates }
        return .object(outcome)
    }

    /// How it ended: a worker that ended by itself returns where Python exits.
    private func ends(_ result: Result<Void, any Error>) -> JSON {
        switch (stage.end, result) {
        case (.stillRunning, _): "still running (stopped by the test)"
        case (_, .success): ["SystemExit": 0]
        case (_, .failure(let error)): ["raises": .string("\(error)")]
        }
    }

    private func makeController() async throws -> Controller {
        let codec = ConsumerCodec(stage: stage)
        let controller = Controller(codec: codec, logger: stage.lines.logger)
        try await controller.register(ConsumerCodec.entrypoint) { (_: JSONObject, _) in }
        return controller
    }

    /// What has to hold where Python dies or stops: the worker goes on with the messages that are left, unless the
    /// terminate file is there.
    static func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
        guard let script = try? ConsumerCase(vector.given) else { return "unreadable" }
        let mayTerminate = script.looksAtFiles && vector.given.description.contains("TERMINATE_FILE")
        let ran = outcome["events"]?.array?.compactMap { $0["controller_run"]?.string } ?? []
        let wanted = script.polled.compactMap { polled -> String? in
            guard case .record(let bytes?, _) = polled else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
        return mayTerminate || ran == wanted ? nil : "ran \(ran), not \(wanted)"
    }
}

/// Writes down each message that reaches the controller, in place of decoding it.
private struct ConsumerCodec: MessageCodec {
    static let entrypoint = "vec.Consumed"
    let stage: ConsumerStage

    func encode(_ message: Message) throws -> [UInt8] { Array(message.uuid.utf8) }

    func decode(_ bytes: [UInt8]) throws -> Message {
        let text = String(decoding: bytes, as: UTF8.self)
        stage.note("controller_run", .string(text))
        stage.script.duringRun[text]?.forEach(stage.perform)
        if let failure = stage.script.failures[text] { throw PythonError(failure) }
        return Message(uuid: text, entrypoint: Self.entrypoint)
    }
}

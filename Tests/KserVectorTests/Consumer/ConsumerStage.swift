import Foundation
import Kser
import Synchronization

/// Where a case of the consumer plays: its files, the order of events, and how far the client's messages are.
///
/// Events are written down where the worker and its source do what they stand for:
/// - `client`: the source is made. Its value is the configuration of Python's client, which has no meaning here.
/// - `subscribe`: the worker iterates over the partitions, which starts the source.
/// - `poll` (confluent): the worker waits for a record, and nothing else is going on. The kafka-python driver's client
///   is polled by an iterator, which its vectors do not write down.
/// - `commit`, `controller_run`, `sleep`: the worker calls the source, the controller, the pause.
/// - `close`: the worker closes the source. The value holds the arguments that Python's driver gives its client.
///
/// The recorder ended endless loops by an exception when the client had no message left or a pause had no act left; the
/// stage then writes nothing more down and lets the worker end.
final class ConsumerStage: Sendable {
    enum End: Sendable {
        case stillRunning
        case closed
    }

    private struct State {
        var events: [JSON] = []
        var polled: ArraySlice<ConsumerCase.Polled>
        var sleeps = 0
        var end: End?
        var files: JSON?
        var lines: JSON?
    }

    static let host = "vector-host"
    let script: ConsumerCase
    let folder: String
    let lines = LogLines()
    private let state: Mutex<State>

    init(_ script: ConsumerCase) throws {
        self.script = script
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("kser-vectors-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        state = Mutex(State(polled: script.polled[...]))
        for act in script.before { perform(act) }
    }

    func cleanUp() { try? FileManager.default.removeItem(atPath: folder) }

    /// kser's files in this case's folder, with kser's interval.
    var files: ControlFiles {
        var files = ControlFiles.fromEnvironment(["LOCK_PATH": folder], host: Self.host)
        files.checkInterval = .seconds(30)
        files.sleep = { [self] duration in try sleep(duration) }
        return files
    }

    // MARK: What happens

    func note(_ name: String, _ value: JSON) {
        state.withLock { state in
            if state.end == nil { state.events.append(.object(JSONObject([(key: name, value: value)]))) }
        }
    }

    func perform(_ act: ConsumerCase.Act) {
        switch act {
        case .touch(let file): _ = FileManager.default.createFile(atPath: path(of: file), contents: Data())
        case .remove(let file): try? FileManager.default.removeItem(atPath: path(of: file))
        }
    }

    /// What the client gives next: a record, or nothing that is worth a run; nil when it has no message left.
    func poll() -> ConsumerCase.Polled? {
        if script.driver == .confluent { note("poll", []) }
        let polled = state.withLock { $0.polled.popFirst() }
        switch polled {
        case .record(_, let before)?, .nothing(let before)?: before.forEach(perform)
        case nil: end(.stillRunning)
        }
        return polled
    }

    private func sleep(_ duration: Duration) throws {
        note("sleep", .integer(duration.components.seconds))
        let turn = state.withLock { state in
            defer { state.sleeps += 1 }
            return state.sleeps
        }
        guard turn < script.onSleep.count else {
            end(.stillRunning)
            throw CancellationError()
        }
        script.onSleep[turn].forEach(perform)
    }

    /// Ends the writing down; only the first end counts.
    func end(_ end: End) {
        let (files, lines) = (fileStates, lines.lines(of: "kser.consumer"))
        state.withLock { state in
            guard state.end == nil else { return }
            state.end = end
            state.files = files
            state.lines = lines
        }
    }

    // MARK: What came out

    var events: JSON { .array(state.withLock { $0.events }) }
    var end: End? { state.withLock { $0.end } }
    /// Which files there were at the end, before the worker released them.
    var filesAtEnd: JSON { state.withLock { $0.files } ?? .null }
    /// The worker's lines until the end, or until it released its files. The recorder's controller logged nothing, so the
    /// lines of ours do not count.
    var linesAtEnd: JSON {
        script.isReleased ? lines.lines(of: "kser.consumer") : state.withLock { $0.lines } ?? .null
    }

    var fileStates: JSON {
        .object(
            JSONObject(
                ["LOCK_FILE", "TERMINATE_FILE", "RUNNING_FILE"].map { file in
                    (key: file, value: .bool(FileManager.default.fileExists(atPath: path(of: file))))
                }
            )
        )
    }

    private func path(of file: String) -> String {
        let files = ControlFiles.fromEnvironment(["LOCK_PATH": folder], host: Self.host)
        return switch file {
        case "LOCK_FILE": files.pause
        case "TERMINATE_FILE": files.terminate
        default: files.running
        }
    }
}

import Foundation

/// kser's files that steer a worker from outside: one pauses it, one ends it, one says what runs.
///
/// Nothing looks at them unless they are given to a ``Worker``.
public struct ControlFiles: Sendable {
    /// While this file exists no further record is taken (kser: `LOCK_FILE`).
    public var pause: String
    /// Once this file exists the worker drains and ends (kser: `TERMINATE_FILE`). It is left where it is.
    public var terminate: String
    /// Holds `entrypoint[uuid]` while a message runs (kser: `RUNNING_FILE`); see ``RunningFile``.
    public var running: String
    /// How long a paused or idle worker waits before it looks again. kser waits 30 s.
    public var checkInterval: Duration

    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// Makes them by their paths.
    public init(pause: String, terminate: String, running: String, checkInterval: Duration = .seconds(1)) {
        self.pause = pause
        self.terminate = terminate
        self.running = running
        self.checkInterval = checkInterval
    }

    /// kser's paths: `LOCK_FILE`, `TERMINATE_FILE` and `RUNNING_FILE`, by default `kser-HOST-pause.lock`,
    /// `kser-HOST-terminate.lock` and `kser-HOST-run.lock` in `LOCK_PATH`, by default `/var/run`.
    ///
    /// - Parameters:
    ///   - environment: the variables; nil means the process's own.
    ///   - host: the host's name; nil means this one's.
    /// - Returns: the files' paths; none of them is looked at yet.
    public static func fromEnvironment(
        _ environment: [String: String]? = nil,
        host: String? = nil
    ) -> ControlFiles {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let host = host ?? ProcessInfo.processInfo.hostName
        let folder = environment["LOCK_PATH"] ?? "/var/run"
        return ControlFiles(
            pause: environment["LOCK_FILE"] ?? "\(folder)/kser-\(host)-pause.lock",
            terminate: environment["TERMINATE_FILE"] ?? "\(folder)/kser-\(host)-terminate.lock",
            running: environment["RUNNING_FILE"] ?? "\(folder)/kser-\(host)-run.lock"
        )
    }

    var isPaused: Bool { FileManager.default.fileExists(atPath: pause) }
    var isTerminated: Bool { FileManager.default.fileExists(atPath: terminate) }

    /// Removes a file, telling the log when it was there.
    static func clean(_ path: String, _ kind: String, _ logger: KserLogger) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        logger.log(.debug) { LogRecord(.debug, logger: "kser.consumer", "Cleaning existing \(kind) file: \(path)") }
        unlink(path)
    }
}

/// Middleware that writes `entrypoint[uuid]` into a file while a message runs and empties it afterwards, as kser does.
///
/// With several messages at once the file names the last one begun. A file that cannot be written stops nothing. It is
/// replaced as a whole each time: nobody reads half of it, and a link in its place is not followed.
public struct RunningFile: Middleware {
    private let path: String

    /// Makes it for the file at this path.
    public init(path: String) { self.path = path }

    /// Writes, runs, empties.
    public func handle(_ invocation: Invocation, next: Next) async throws -> ExecutionResult {
        await write("\(invocation.message)")
        do {
            let result = try await next(invocation)
            await write("")
            return result
        } catch {
            await write("")
            throw error
        }
    }

    private func write(_ text: String) async {
        await withCheckedContinuation { done in
            DispatchQueue.global().async {
                Self.replace(path, with: text)
                done.resume()
            }
        }
    }

    /// Puts a new file in the place of what is there. The name of the new one cannot be guessed, and is nobody's yet.
    private static func replace(_ path: String, with text: String) {
        let new = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 16))"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        let bytes = Array(text.bounded.printable.utf8)
        let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        if count != bytes.count || rename(new, path) != 0 { unlink(new) }
    }
}

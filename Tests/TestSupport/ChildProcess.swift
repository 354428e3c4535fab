package import Foundation
import Synchronization

/// A program that a test runs. Its output is read on threads of its own; no task that waits for it blocks a thread.
///
/// It ends with the test process at the latest, even when that crashes (see `Tests/Support/leash.sh`).
package final class ChildProcess: Sendable {
    /// How the program ended, and what it printed.
    package struct Output: Sendable, CustomStringConvertible {
        package var status: Int32
        package var lines: [String]
        package var errorText: String

        package var text: String { lines.joined(separator: "\n") }

        /// The status and the end of what was printed.
        package var description: String { "status \(status)\n\(text.suffix(2_000))\n\(errorText.suffix(4_000))" }
    }

    private struct State: Sendable {
        var lines: [String] = []
        var nextLine = 0
        var errorLines: [String] = []
        var openStreams = 2
        var status: Int32?

        /// Set when the program ended and all it printed was read.
        var end: Output? {
            guard openStreams == 0, let status else { return nil }
            return Output(status: status, lines: lines, errorText: errorLines.joined(separator: "\n"))
        }
    }

    package let name: String
    private let process: SpawnedProcess
    private let leash: FileHandle
    private let state = Watched(State())

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: the path of its file.
    ///   - arguments: its arguments.
    ///   - environment: variables to add to ours; an empty value takes a variable away.
    ///   - input: a file that it reads; nothing without.
    ///   - directory: the folder it runs in; ours without.
    ///   - onLine: called with each line of its standard output, on the thread that reads it.
    /// - Throws: `POSIXError` when it cannot be started.
    package init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        input: URL? = nil,
        directory: URL? = nil,
        onLine: (@Sendable (String) -> Void)? = nil
    ) throws {
        name = URL(filePath: program).lastPathComponent
        let (hold, output, errors) = (Pipe(), Pipe(), Pipe())
        leash = hold.fileHandleForWriting
        process = try SpawnedProcess(
            Components.support("leash.sh"),
            [program] + arguments,
            environment: ProcessInfo.processInfo.environment
                .merging(environment) { $1 }
                .merging(["LEASH_INPUT": input?.path() ?? "", "LEASH_DIRECTORY": directory?.path() ?? ""]) { $1 }
                .filter { !$0.value.isEmpty },
            input: hold.fileHandleForReading,
            output: output.fileHandleForWriting,
            errors: errors.fileHandleForWriting
        )
        // Ours would keep the ends of the streams from being seen.
        for handle in [hold.fileHandleForReading, output.fileHandleForWriting, errors.fileHandleForWriting] {
            try handle.close()
        }
        Thread.detachNewThread { [process, state] in
            let status = process.waitForEnd()
            state.update { $0.status = status }
        }
        readLines(of: output, into: state, onLine) { $0.lines.append($1) }
        readLines(of: errors, into: state, nil) { $0.errorLines.append($1) }
    }

    deinit { kill() }

    /// What the program has printed to its standard error so far.
    package var errorText: String { state.value.errorLines.joined(separator: "\n") }

    package var isRunning: Bool { state.value.status == nil }

    /// The next line of its standard output, without the line end.
    ///
    /// - Throws: ``UnexpectedEnd`` when the program ended without one, ``DeadlineExceeded``.
    package func line(within duration: Duration) async throws -> String {
        let (name, state) = (name, state)
        return try await withDeadline(duration, "a line from \(name)") {
            let line: Result<String, UnexpectedEnd> = try await state.wait { state in
                if state.nextLine < state.lines.count {
                    state.nextLine += 1
                    return .success(state.lines[state.nextLine - 1])
                }
                return state.end.map { .failure(UnexpectedEnd(program: name, output: $0)) }
            }
            return try line.get()
        }
    }

    /// Waits for the end of the program, with whatever status.
    package func end(within duration: Duration) async throws -> Output {
        let state = state
        return try await withDeadline(duration, "the end of \(name)") { try await state.wait { $0.end } }
    }

    /// Waits for the program to end with status 0.
    ///
    /// - Throws: ``UnexpectedEnd`` with its output when it ended otherwise, ``DeadlineExceeded``.
    @discardableResult
    package func success(within duration: Duration) async throws -> Output {
        let output = try await end(within: duration)
        guard output.status == 0 else { throw UnexpectedEnd(program: name, output: output) }
        return output
    }

    /// Sends SIGTERM.
    package func terminate() { signal(SIGTERM) }

    /// Sends SIGINT, as Ctrl-C does.
    package func interrupt() { signal(SIGINT) }

    private func signal(_ number: Int32) { if isRunning { process.send(signal: number) } }

    /// Kills the program and its children with SIGKILL, by letting go of the leash.
    package func kill() { try? leash.close() }
}

/// A program ended while something was still expected of it, or with a failure.
package struct UnexpectedEnd: Error, CustomStringConvertible {
    package var program: String
    package var output: ChildProcess.Output

    package var description: String { "\(program) ended with \(output)" }
}

extension ChildProcess {
    private func readLines(
        of pipe: Pipe,
        into state: Watched<State>,
        _ onLine: (@Sendable (String) -> Void)?,
        _ append: @escaping @Sendable (inout State, String) -> Void
    ) {
        let handle = pipe.fileHandleForReading
        Thread.detachNewThread {
            var rest = Data()
            while true {
                let chunk = readChunk(handle.fileDescriptor)
                if chunk.isEmpty { break }
                rest.append(contentsOf: chunk)
                var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                rest = Data(lines.removeLast())
                let texts = lines.map { String(decoding: $0, as: UTF8.self) }
                state.update { state in
                    for text in texts { append(&state, text) }
                }
                for text in texts { onLine?(text) }
            }
            let last = String(decoding: rest, as: UTF8.self)
            if !last.isEmpty { onLine?(last) }
            state.update { state in
                if !last.isEmpty { append(&state, last) }
                state.openStreams -= 1
            }
        }
    }
}

/// What there is to read, nothing at the end. Foundation's reading ends the process when a signal interrupts it.
private func readChunk(_ descriptor: Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        while true {
            let size = read(descriptor, buffer.baseAddress, buffer.count)
            if size < 0, errno == EINTR { continue }
            count = max(0, size)
            return
        }
    }
}

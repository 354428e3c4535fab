import Foundation

/// A program that a benchmark needs beside it. It is killed with this value, and when the bench ends in whatever way.
final class Child: Sendable {
    private let process: Process
    private let leash: FileHandle
    private let output: FileHandle

    init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let (hold, output) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = Installation.root.appending(path: "Tests/Support/leash.sh")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = hold
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        leash = hold.fileHandleForWriting
        self.output = output.fileHandleForReading
        try process.run()
    }

    deinit { kill() }

    /// Kills it, with what it started, and waits until it is gone.
    func kill() {
        try? leash.close()
        process.waitUntilExit()
    }

    /// Reads its output, on a thread of its own, until a line gives a value.
    ///
    /// - Throws: ``Misuse`` with the output when it ended without such a line.
    func wait<Value: Sendable>(_ pick: @escaping @Sendable (String) -> Value?) async throws -> Value {
        try await onThread { [process, output] in
            var text = ""
            while true {
                let chunk = output.availableData
                text += String(decoding: chunk, as: UTF8.self)
                let lines = text.split(separator: "\n")
                if let value = lines.lazy.compactMap({ pick(String($0)) }).first { return value }
                if chunk.isEmpty { throw Misuse("\(process.arguments ?? []) ended early: \(text.suffix(500))") }
            }
        }
    }
}

/// Runs a call that blocks on a thread of its own.
func onThread<Value: Sendable>(_ call: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: call)) }
    }
}

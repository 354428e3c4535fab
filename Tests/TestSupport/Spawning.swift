import Foundation

/// A process that was started, as the system knows it.
///
/// Foundation's `Process` is no use here: on Linux it reads past its buffer when some 1,300 files are open, and threads
/// of tasks, which block all signals, would start programs that cannot be ended.
struct SpawnedProcess: Sendable {
    let id: pid_t

    /// Starts a program with no signal blocked. On Linux it has to close the files that it inherits, beside its three
    /// standard ones.
    ///
    /// - Throws: `POSIXError` when it cannot be started.
    init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String],
        input: FileHandle,
        output: FileHandle,
        errors: FileHandle
    ) throws {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, handle) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, handle.fileDescriptor, Int32(number))
        }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        #if canImport(Darwin)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_CLOEXEC_DEFAULT))
        #else
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        #endif

        var id = pid_t()
        let code = withPointers(to: [program] + arguments) { arguments in
            withPointers(to: environment.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawn(&id, program, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        self.id = id
    }

    func send(signal: Int32) { _ = kill(id, signal) }

    /// Waits for the end; it blocks the thread.
    ///
    /// - Returns: the exit code, or the signal that ended it.
    func waitForEnd() -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : signal
    }
}

/// Calls a body with texts as C has them, and a null pointer behind the last.
private func withPointers<Value>(
    to texts: [String],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
) -> Value {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}

import Foundation

/// A file that holds keys or passwords.
enum SecretFile {
    /// What is in it. A warning goes to standard error when others than its owner may read it.
    static func contents(of path: String) throws(CommandError) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CommandError(.noInput, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { try? file.close() }
        var status = stat()
        if fstat(file.fileDescriptor, &status) == 0, status.st_mode & 0o077 != 0, status.st_mode & S_IFMT == S_IFREG {
            Console.error("kser: warning: \(path) may be read by others: chmod 600 \(path)")
        }
        guard let bytes = try? file.readToEnd() else { return "" }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.noInput, "\(path) cannot be read: it is no text in UTF-8")
        }
        return text
    }

    /// Its lines, without empty ones and those that begin with `#`.
    static func lines(of path: String) throws(CommandError) -> [String] {
        try contents(of: path).split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
}

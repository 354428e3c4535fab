package import Foundation
import Synchronization

/// A new folder, removed with its content when the value goes away or the process ends.
package final class TemporaryDirectory: Sendable {
    package let url: URL

    package init(_ name: String) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "kser-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        living.withLock { _ = $0.insert(url) }
        _ = removalAtExit
    }

    package var path: String { url.path(percentEncoded: false) }

    deinit {
        living.withLock { _ = $0.remove(url) }
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a file, with the folders on its way.
    package func write(_ text: String, to path: String) throws {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}

private let living = Mutex<Set<URL>>([])

/// Nothing deinitialises what a `static let` holds, such as the broker that tests share.
private let removalAtExit: Void = {
    atexit {
        for url in living.withLock({ $0 }) { try? FileManager.default.removeItem(at: url) }
    }
}()

import Foundation
import TestSupport

/// What is here beside the bench. It measures what it can without what is missing.
enum Installation {
    /// Whether there is a noida-db to start.
    static var hasNoidaDB: Bool { (try? Components.noidaDB()) != nil }

    /// The command line tool that was built beside the bench.
    static var kser: String? {
        existing(URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "kser"))
    }

    /// Whether there is a PostgreSQL server to start.
    static var hasPostgreSQL: Bool {
        let folders = ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"]
        return folders.contains { folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.contains {
                existing(URL(filePath: "\(folder)/\($0)/bin/initdb")) != nil
            }
        }
    }

    private static func existing(_ file: URL) -> String? {
        FileManager.default.fileExists(atPath: file.path()) ? file.path() : nil
    }
}

import Foundation

/// What is installed beside the package: the Python environment that `make deps` fills, or that `KSER_VENV` names.
enum Installation {
    /// The top folder of the package.
    static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    private static let python =
        ProcessInfo.processInfo.environment["KSER_VENV"].map { URL(filePath: $0) }
        ?? root.appending(path: ".build/venv")

    /// The interpreter with Python kser.
    static var interpreter: String? { existing(python.appending(path: "bin/python")) }

    /// The binary of noida-db.
    static var noidaDB: String? {
        let libraries = python.appending(path: "lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries.path())) ?? []
        return versions.lazy
            .compactMap { existing(libraries.appending(path: "\($0)/site-packages/noida_db/noida-db")) }
            .first
    }

    /// The command line tool that was built beside the bench.
    static var kser: String? {
        existing(URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "kser"))
    }

    /// A program by its name.
    static func program(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").lazy
            .compactMap { existing(URL(filePath: "\($0)/\(name)")) }
            .first
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

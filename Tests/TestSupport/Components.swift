package import Foundation

/// A real component that a test needs is not on this machine. A test never passes without it.
package struct MissingComponent: Error, CustomStringConvertible {
    package var name: String
    package var searched: String

    package var description: String { "\(name) not found (searched \(searched)); install it with: make deps" }
}

/// Where the package and the real components that its tests run lie.
package enum Components {
    /// The top folder of the package.
    package static let root = URL(filePath: #filePath).deletingLastPathComponent()  // Tests/TestSupport
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of the programs that were built with the running tests.
    package static var products: URL {
        #if os(macOS)
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
        return bundle.bundleURL.deletingLastPathComponent()
        #else
        return Bundle.main.bundleURL
        #endif
    }

    /// The Python environment that `make deps` fills, or the one that `KSER_VENV` names.
    package static let pythonEnvironment =
        ProcessInfo.processInfo.environment["KSER_VENV"].map { URL(filePath: $0) }
        ?? root.appending(path: ".build/venv")

    package static func python() throws -> String {
        try file(pythonEnvironment.appending(path: "bin/python"), name: "the Python environment")
    }

    /// The broker's own binary: its launcher script does not pass SIGTERM on.
    package static func noidaDB() throws -> String {
        let libraries = pythonEnvironment.appending(path: "lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries.path())) ?? []
        let candidates = versions.map { libraries.appending(path: "\($0)/site-packages/noida_db/noida-db") }
        let found = candidates.first { FileManager.default.fileExists(atPath: $0.path()) }
        return try file(found ?? libraries.appending(path: "python3/site-packages/noida_db/noida-db"), name: "noida-db")
    }

    package static func kcat() throws -> String { try program("kcat") }

    package static func program(_ name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":") {
            let candidate = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw MissingComponent(name: name, searched: "PATH=\(path)")
    }

    package static func support(_ name: String) -> String { root.appending(path: "Tests/Support/\(name)").path() }

    private static func file(_ url: URL, name: String) throws -> String {
        guard FileManager.default.fileExists(atPath: url.path()) else {
            throw MissingComponent(name: name, searched: url.path())
        }
        return url.path()
    }
}

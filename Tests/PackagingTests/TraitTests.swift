import Foundation
import TestSupport
import Testing

/// What packages outside cost who does not ask for them.
@Suite(.timeLimit(.minutes(10)))
struct TraitTests {
    private static let packages = [
        "apple/swift-distributed-tracing", "apple/swift-log", "apple/swift-metrics",
        "swift-server/swift-service-lifecycle",
    ]

    @Test("Without traits nothing is fetched, and each trait fetches its package alone")
    func fetching() async throws {
        let copy = try TemporaryDirectory("traits")
        for name in ["Package.swift", "Sources", "Tests", "Examples"] {
            try FileManager.default.copyItem(
                at: Components.root.appending(path: name),
                to: copy.url.appending(path: name)
            )
        }
        func run(_ arguments: String...) async throws -> ChildProcess.Output {
            let swift = try ChildProcess(Components.program("swift"), arguments, directory: copy.url)
            return try await swift.end(within: .seconds(300))
        }
        // Whatever would be fetched is nowhere to be had.
        for package in Self.packages {
            let original = "https://github.com/\(package).git"
            let nowhere = "file:///nowhere/\(package.split(separator: "/")[1])"
            let set = try await run("package", "config", "set-mirror", "--original", original, "--mirror", nowhere)
            #expect(set.status == 0, "\(set)")
        }
        let resolved = try await run("package", "resolve")
        #expect(resolved.status == 0, "\(resolved)")
        #expect(!FileManager.default.fileExists(atPath: copy.url.appending(path: "Package.resolved").path()))
        let shown = try await run("package", "show-dependencies", "--format", "text")
        #expect(shown.text == "No external dependencies found", "\(shown)")
        let built = try await run("build", "--target", "OpenTracing")
        #expect(built.status == 0, "\(built)")

        let traits = ["DistributedTracing", "SwiftLog", "SwiftMetrics", "ServiceLifecycle"]
        for (trait, package) in zip(traits, Self.packages) {
            let name = package.split(separator: "/")[1]
            let asked = try await run("package", "--traits", trait, "resolve")
            #expect(asked.status != 0)
            #expect(asked.errorText.contains("/nowhere/\(name)"), "\(trait): \(asked)")
            for other in Self.packages where other != package {
                #expect(!asked.errorText.contains("/nowhere/\(other.split(separator: "/")[1])"), "\(trait): \(asked)")
            }
        }
    }

    @Test("An adapter is a folder of files that are as a whole under its trait")
    func folders() throws {
        let adapters = Components.root.appending(path: "Sources/Kser/Adapters")
        let names = try FileManager.default.contentsOfDirectory(atPath: adapters.path())
        #expect(Set(names) == ["DistributedTracing", "ServiceLifecycle", "SwiftLog", "SwiftMetrics"])
        for name in names {
            let folder = adapters.appending(path: name)
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path()) {
                let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                #expect(text.hasPrefix("#if \(name)\n"), "\(file)")
                #expect(text.hasSuffix("#endif\n"), "\(file)")
            }
        }
    }
}

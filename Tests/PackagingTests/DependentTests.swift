import Foundation
import TestSupport
import Testing

/// What a user of the package meets who depends on it.
@Suite(.timeLimit(.minutes(10)))
struct DependentTests {
    private let manifest = """
        // swift-tools-version: 6.2
        import PackageDescription
        let package = Package(
            name: "scratch",
            platforms: [.macOS(.v15)],
            dependencies: [.package(name: "kser", path: "\(Components.root.path())")],
            targets: [
                .executableTarget(name: "Scratch", dependencies: [.product(name: "Kser", package: "kser")])
            ]
        )
        """

    private let story = """
        import Kser

        struct Hello: Entrypoint {
            struct Parameters: Codable, Sendable { var name: String }
            func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
                execution.result(stdout: "Hello \\(parameters.name) !")
            }
        }
        let controller = Controller()
        try await controller.register(Hello())
        try await controller.register("hello.again") { (hello: Hello.Parameters, execution) in
            execution.result(stdout: "Hello again \\(hello.name) !")
        }
        print(controller.entrypoints)
        print(await Hello().execute(["name": "Cedric"]).stdout)
        print(await controller.run(Message(entrypoint: "hello.again", params: ["name": "Cedric"])).stdout)
        """

    @Test func aPackageOutsideBuildsAndRunsWithNoFlag() async throws {
        let package = try TemporaryDirectory("scratch")
        try package.write(manifest, to: "Package.swift")
        try package.write(story, to: "Sources/Scratch/main.swift")
        let run = try ChildProcess(Components.program("swift"), ["run"], directory: package.url)
        let output = try await run.success(within: .seconds(500))
        #expect(output.lines.contains(#"["Scratch.Hello", "hello.again"]"#))
        #expect(output.lines.contains("Hello Cedric !"))
        #expect(output.lines.contains("Hello again Cedric !"))
        #expect(!output.errorText.contains("warning:"), "a user's build is quiet: \(output.errorText)")

        let libraries = try await linkedLibraries(of: package.url.appending(path: ".build/debug/Scratch"))
        #expect(libraries.contains { $0.contains("simdjson") }, "the check reads something: \(libraries)")
        for client in clients + ["rdkafka"] {
            #expect(!libraries.contains { $0.contains(client) }, "Kser alone links \(client)")
        }
    }

    @Test func aUserOfKafkaLinksNoOtherClient() async throws {
        let libraries = try await linkedLibraries(of: Components.products.appending(path: "Dice"))
        #expect(libraries.contains { $0.contains("rdkafka") }, "the check reads something: \(libraries)")
        for client in clients {
            #expect(!libraries.contains { $0.contains(client) }, "Kser and KserKafka alone link \(client)")
        }
    }

    /// The C clients of the modules that a user has not asked for.
    private let clients = ["sodium", "sqlite", "libpq", "microhttpd"]

    @Test func noTargetUsesUnsafeFlags() throws {
        let manifest = try String(contentsOf: Components.root.appending(path: "Package.swift"), encoding: .utf8)
        #expect(!manifest.contains("unsafeFlags"), "SwiftPM refuses such a package as a dependency")
    }

    /// The dynamic libraries that a program loads, directly or through others.
    private func linkedLibraries(of program: URL) async throws -> [String] {
        #if os(macOS)
        let list = try ChildProcess("/usr/bin/otool", ["-L", program.path()])
        #else
        let list = try ChildProcess(Components.program("ldd"), [program.path()])
        #endif
        return try await list.success(within: .seconds(20)).lines
    }
}

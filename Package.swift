// swift-tools-version: 6.2
import PackageDescription

// simdjson's .pc file on Linux holds a define that SwiftPM refuses with a warning; nothing of it is needed there.
#if os(macOS)
let simdjsonPkgConfig: String? = "simdjson"
#else
let simdjsonPkgConfig: String? = nil
#endif

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

/// A product of a package outside, which is not even fetched unless the trait is on.
func adapter(_ product: String, _ package: String, _ trait: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: [trait]))
}

let adapters: [Target.Dependency] = [
    adapter("Logging", "swift-log", "SwiftLog"),
    adapter("Metrics", "swift-metrics", "SwiftMetrics"),
    adapter("ServiceLifecycle", "swift-service-lifecycle", "ServiceLifecycle"),
    adapter("Tracing", "swift-distributed-tracing", "DistributedTracing"),
]

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "kser",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "kser", targets: ["KserCommand"]),
        .library(name: "Jaeger", targets: ["Jaeger"]),
        .library(name: "Kser", targets: ["Kser"]),
        .library(name: "KserKafka", targets: ["KserKafka"]),
        .library(name: "KserCrypto", targets: ["KserCrypto"]),
        .library(name: "KserMetrics", targets: ["KserMetrics"]),
        .library(name: "KserStore", targets: ["KserStore"]),
        .library(name: "KserTesting", targets: ["KserTesting"]),
        .library(name: "KserTracing", targets: ["KserTracing"]),
        .library(name: "OpenTracing", targets: ["OpenTracing"]),
        .library(name: "OpenTracingMock", targets: ["OpenTracingMock"]),
    ],
    traits: [
        .trait(name: "DistributedTracing", description: "Spans in swift-distributed-tracing"),
        .trait(name: "ServiceLifecycle", description: "Workers as services of swift-service-lifecycle"),
        .trait(name: "SwiftLog", description: "Log lines to swift-log, and swift-log's lines to sinks of kser"),
        .trait(name: "SwiftMetrics", description: "Metrics of workers in swift-metrics"),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.4.1"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.10.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.11.0"),
    ],
    targets: [
        .systemLibrary(name: "CGetopt"),
        .systemLibrary(
            name: "CLibpq",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .systemLibrary(
            name: "CLibmicrohttpd",
            pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"]), .brew(["libmicrohttpd"])]
        ),
        .systemLibrary(
            name: "CLibrdkafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]
        ),
        .systemLibrary(
            name: "CLibsodium",
            pkgConfig: "libsodium",
            providers: [.apt(["libsodium-dev"]), .brew(["libsodium"])]
        ),
        .systemLibrary(
            name: "CSQLite",
            pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]
        ),
        .systemLibrary(
            name: "CSimdjsonLibrary",
            pkgConfig: simdjsonPkgConfig,
            providers: [.apt(["libsimdjson-dev"]), .brew(["simdjson"])]
        ),
        .target(
            name: "CSimdjson",
            dependencies: ["CSimdjsonLibrary"],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
        ),

        library("Gzip", ["CZlib"]),
        library("Jaeger", ["Gzip", "OpenTracing"]),
        library("Kser", ["CSimdjson"] + adapters),
        library("KserKafka", ["Kser", "CLibrdkafka"]),
        library("KserCrypto", ["Kser", "CLibsodium"]),
        library("KserMetrics", ["Kser", "CLibmicrohttpd", "Gzip"]),
        library("KserStore", ["Kser", "CLibpq", "CSQLite"]),
        library("KserTesting", ["Kser", "OpenTracing"]),
        library("KserTracing", ["Kser", "OpenTracing"]),
        library("OpenTracing", []),
        library("OpenTracingMock", ["OpenTracing"]),

        program("Hello", path: "Examples/Hello", ["Kser"]),
        program("Dice", path: "Examples/Dice", ["Kser", "KserKafka"]),
        program("TracedDice", path: "Examples/TracedDice", ["Jaeger", "Kser", "KserTracing", "OpenTracing"]),
        program("Yahtzee", path: "Examples/Yahtzee", ["Kser", "KserKafka", "KserStore"]),
        program(
            "KserCommand",
            path: "Sources/KserCommand",
            ["CGetopt", "Kser", "KserCrypto", "KserKafka", "KserStore"]
        ),
        program(
            "kser-bench",
            path: "Sources/kser-bench",
            [
                "CLibrdkafka", "CLibsodium", "CSimdjson", "Jaeger", "Kser", "KserCrypto", "KserKafka", "KserMetrics",
                "KserStore", "KserTracing", "OpenTracing", "TestSupport",
            ]
        ),

        tests(
            "AdapterTests",
            [
                "Kser", "KserTesting",
                adapter("InMemoryLogging", "swift-log", "SwiftLog"),
                adapter("MetricsTestKit", "swift-metrics", "SwiftMetrics"),
                adapter("InMemoryTracing", "swift-distributed-tracing", "DistributedTracing"),
            ] + adapters
        ),
        tests("KserTests", ["Kser"]),
        tests("KserTestingTests", ["Kser", "KserTesting"]),
        tests("KserKafkaTests", ["Kser", "KserKafka", "KserTesting", "TestSupport", "ConsumerProcess"]),
        program("ConsumerProcess", path: "Tests/ConsumerProcess", ["Kser", "KserKafka"]),
        tests(
            "KserTracingTests",
            [
                "Jaeger", "Kser", "KserTesting", "KserTracing", "OpenTracing", "OpenTracingMock",
                "TracingVectorSupport",
            ]
        ),
        tests("KserCryptoTests", ["Kser", "KserCrypto", "KserTesting"]),
        tests("KserMetricsTests", ["Kser", "KserCrypto", "KserKafka", "KserMetrics", "KserTesting", "TestSupport"]),
        tests("KserStoreTests", ["Kser", "KserStore", "KserTesting", "TestSupport"]),
        tests("KserCommandTests", ["Kser", "KserCommand", "KserCrypto", "KserKafka", "KserStore", "TestSupport"]),
        tests(
            "OpenTracingTests",
            ["Kser", "KserTesting", "OpenTracing", "OpenTracingMock", "TracingVectorSupport"]
        ),
        tests("JaegerTests", ["Jaeger", "Kser", "KserTesting", "OpenTracing", "TestSupport", "TracingVectorSupport"]),
        tests("KserVectorTests", ["Kser", "KserCrypto", "KserKafka", "KserMetrics", "KserTesting"]),
        tests(
            "InteropTests",
            [
                "Jaeger", "Kser", "KserCrypto", "KserKafka", "KserTesting", "KserTracing", "OpenTracing",
                "TestSupport",
            ]
        ),

        tests(
            "AttackTests",
            [
                "Kser", "KserCommand", "KserCrypto", "KserKafka", "KserMetrics", "KserTesting", "KserTracing",
                "OpenTracing", "OpenTracingMock", "TestSupport",
            ]
        ),

        tests("FaultTests", ["Kser", "KserKafka", "KserStore", "KserTesting", "TestSupport", "FaultWorker"]),
        program("FaultWorker", path: "Tests/FaultWorker", ["Kser", "KserKafka", "KserStore"]),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "TracingVectorSupport",
            dependencies: ["Kser", "OpenTracing"],
            path: "Tests/TracingVectorSupport",
            swiftSettings: strict
        ),
        tests("TestSupportTests", ["TestSupport"]),
        tests("PackagingTests", ["TestSupport"]),
        tests(
            "SnippetTests",
            [
                "Jaeger", "Kser", "KserCrypto", "KserKafka", "KserMetrics", "KserStore", "KserTesting", "KserTracing",
                "OpenTracing", "TestSupport",
            ]
        ),
    ],
    cxxLanguageStandard: .cxx17
)

// KSER_TESTS="KserTests JaegerTests" leaves out all other test targets, and the programs that these do not need.
if let names = Context.environment["KSER_TESTS"] {
    var kept = Set(names.split(separator: " ").map(String.init))
    var isGrowing = true
    while isGrowing {
        isGrowing = false
        for target in package.targets where kept.contains(target.name) {
            for case .byNameItem(let name, _) in target.dependencies where kept.insert(name).inserted {
                isGrowing = true
            }
        }
    }
    package.targets.removeAll { [.test, .executable].contains($0.type) && !kept.contains($0.name) }
    package.products.removeAll { $0.name == "kser" && !kept.contains("KserCommand") }
}

import Foundation
import Kser
import Testing

/// What the Python packages did, recorded in Tests/Vectors/tracing; its README tells how.
///
/// `KSER_VECTORS_DIR` names another folder that holds a `tracing`.
@Suite(.timeLimit(.minutes(1)))
struct TracingVectorTests {}

/// One recorded case.
struct TracingVector: Sendable, CustomTestStringConvertible {
    let name: String
    let given: JSONObject

    var testDescription: String { name }
}

/// A file of recorded cases.
struct VectorFile: Sendable {
    let path: String

    init(_ name: String) {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = ProcessInfo.processInfo.environment["KSER_VECTORS_DIR"].map { URL(filePath: $0) }
        path = (folder ?? tests.appending(path: "Vectors")).appending(path: "tracing/\(name).json").path()
    }

    static let constants = VectorFile("constants")
    static let mockTracer = VectorFile("mocktracer_scenarios")
    static let testbed = VectorFile("testbed")

    var isPresent: Bool { FileManager.default.fileExists(atPath: path) }
    var absence: Comment { "no file \(path)" }

    func json() throws -> JSON { try JSON(parsing: Array(Data(contentsOf: URL(filePath: path)))) }

    /// The cases under a key; none without the file, and an empty list is an error.
    func cases(_ key: String, name: (JSONObject) -> String?) throws -> [TracingVector] {
        guard isPresent else { return [] }
        let cases = try #require(json()[key]?.array, "\(path): \(key)")
        try #require(!cases.isEmpty, "\(path): \(key)")
        print("\(path): \(cases.count) \(key)")
        return try cases.map { json in
            let given = try #require(json.object)
            return TracingVector(name: try #require(name(given)), given: given)
        }
    }
}

extension JSONObject {
    func text(_ key: String) throws -> String { try #require(self[key]?.string, "\(key) of \(self)") }

    /// The pairs under a key: `[["k", "v"], …]`.
    func pairs(_ key: String) throws -> [(key: String, value: JSON)] {
        try #require(self[key]?.array, "\(key) of \(self)").map { pair in
            try (#require(pair[0]?.string), #require(pair[1]))
        }
    }

    /// Fails when there is a key that the suite does not know: it may be what matters.
    func allow(_ known: String...) throws {
        for key in keys { try #require(known.contains(key), "\(key) of \(self)") }
    }
}

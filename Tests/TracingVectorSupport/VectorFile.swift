import Foundation
package import Kser
package import Testing

/// One recorded case.
package struct TracingVector: Sendable, CustomTestStringConvertible {
    package let name: String
    package let given: JSONObject

    package var testDescription: String { name }
}

/// A file of what the Python packages did, recorded in Tests/Vectors/tracing; its README tells how.
///
/// `KSER_VECTORS_DIR` names another folder that holds a `tracing` and a `kser`.
package struct VectorFile: Sendable {
    package let name: String
    package let path: String
    /// Whether it is the one of this repository.
    package let isOurs: Bool

    package init(_ name: String, in group: String = "tracing") {
        self.name = name
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = ProcessInfo.processInfo.environment["KSER_VECTORS_DIR"].map { URL(filePath: $0) }
        isOurs = folder == nil
        path = (folder ?? tests.appending(path: "Vectors")).appending(path: "\(group)/\(name).json").path()
    }

    package var isPresent: Bool { FileManager.default.fileExists(atPath: path) }
    package var absence: Comment { "no file \(path)" }

    package func json() throws -> JSON { try JSON(parsing: Array(Data(contentsOf: URL(filePath: path)))) }

    /// The cases under a key; none without the file, and an empty list is an error.
    package func cases(_ key: String, name: (JSONObject) -> String?) throws -> [TracingVector] {
        guard isPresent else { return [] }
        let cases = try #require(json()[key]?.array, "\(path): \(key)")
        try #require(!cases.isEmpty, "\(path): \(key)")
        print("\(path): \(cases.count) \(key)")
        return try cases.map { json in
            let given = try #require(json.object)
            return TracingVector(name: try #require(name(given)), given: given)
        }
    }

    /// The cases under a key, named by their place.
    package func cases(_ key: String) throws -> [TracingVector] {
        var number = 0
        return try cases(key) { given in
            number += 1
            return given["id"]?.string ?? "\(key) \(number)"
        }
    }
}

/// A vector holds something that the suite does not know: a failure, never a skip.
package struct UnknownVector: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// The error of a scripted block.
package struct ScriptedError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

extension JSONObject {
    package func text(_ key: String) throws -> String { try #require(self[key]?.string, "\(key) of \(self)") }

    /// The pairs under a key: `[["k", "v"], …]`.
    package func pairs(_ key: String) throws -> [(key: String, value: JSON)] {
        try #require(self[key]?.array, "\(key) of \(self)").map { pair in
            try (#require(pair[0]?.string), #require(pair[1]))
        }
    }

    /// Fails when there is a key that the suite does not know: it may be what matters.
    package func allow(_ known: String...) throws {
        for key in keys { try #require(known.contains(key), "\(key) of \(self)") }
    }
}

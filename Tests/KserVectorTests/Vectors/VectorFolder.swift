import Foundation
import Kser
import Testing

/// Where the golden data lies: `KSER_VECTORS_DIR`, else Tests/Vectors. Both hold a folder for each library.
enum VectorFolder {
    static let path: String =
        ProcessInfo.processInfo.environment["KSER_VECTORS_DIR"]
        ?? URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Vectors").path

    /// The cases of a file. There is always one entry at least, so that an absent or unreadable file is seen.
    static func kser(_ kind: String) -> [VectorEntry] {
        let file = "\(path)/kser/\(kind).json"
        guard FileManager.default.fileExists(atPath: file) else { return [.absent(file)] }
        do {
            let vectors = try read(file, kind: kind)
            print("\(file): \(vectors.count) cases (\(summary(vectors)))")
            return vectors.map(VectorEntry.vector)
        } catch {
            return [.broken("\(file): \(error)")]
        }
    }

    private static func read(_ file: String, kind: String) throws -> [Vector] {
        let json = try JSON(parsing: Array(Data(contentsOf: URL(fileURLWithPath: file))))
        let head = try Fields(json, "file", allowing: ["kind", "generated_with", "count", "cases"])
        guard try head.text("kind") == kind else { throw SchemaError("its kind is not \(kind)") }
        let vectors = try head.list("cases").map { try Vector($0, kind: kind) }
        guard try head.integer("count") == vectors.count, !vectors.isEmpty else {
            throw SchemaError("it holds \(vectors.count) cases, not the count it names")
        }
        guard Set(vectors.map(\.id)).count == vectors.count else { throw SchemaError("two cases have one id") }
        return vectors
    }

    private static func summary(_ vectors: [Vector]) -> String {
        Vector.Parity.allCases
            .map { parity in "\(vectors.count { $0.parity == parity }) \(parity)" }
            .joined(separator: ", ")
    }
}

/// Tells what was not tested, in the test's report and on standard output.
func note(_ text: String) {
    print("note: \(text)")
    Issue.record("\(text)", severity: .warning)
}

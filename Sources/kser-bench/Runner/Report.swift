import Foundation
import Kser

/// The report for programs: an array of objects, one a line.
struct Report {
    private let rows: [Row]

    init(_ rows: [Row]) { self.rows = rows }

    func write(to path: String) throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        let lines = rows.map { "  \($0.json)" }.joined(separator: ",\n")
        try Data("[\n\(lines)\n]\n".utf8).write(to: url)
    }
}

extension Row {
    fileprivate var json: JSON {
        [
            "name": .string(name), "ours": rounded(ours), "baseline": rounded(baseline), "ratio": rounded(ratio),
            "unit": .string(unit), "higherIsBetter": .bool(higherIsBetter),
        ]
    }

    /// More digits than were measured help nobody.
    private func rounded(_ number: Double) -> JSON {
        let scale = number < 100 ? 1000.0 : 1
        return .double((number * scale).rounded() / scale)
    }
}

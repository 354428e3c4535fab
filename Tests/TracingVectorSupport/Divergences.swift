import Foundation
import Testing

/// The recorded cases that are skipped, or gone against on purpose: the tables of the articles name them with the reason.
package enum Divergences {
    /// `file/case` of each row.
    package static func documented() throws -> Set<String> {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let articles = [
            "Sources/Jaeger/Jaeger.docc/BesidePythonsClient.md",
            "Sources/KserTracing/KserTracing.docc/PropagationToPython.md",
        ]
        var documented: Set<String> = []
        for article in articles {
            let text = try String(contentsOf: root.appending(path: article), encoding: .utf8)
            for row in text.split(separator: "\n") where row.hasPrefix("| `") {
                let columns = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                try #require(columns.count == 3 && !columns[2].isEmpty, "\(row)")
                let file = columns[0].trimmingCharacters(in: ["`"])
                for id in columns[1].split(separator: ",") {
                    documented.insert("\(file)/\(id.trimmingCharacters(in: [" ", "`"]))")
                }
            }
        }
        return documented
    }

    /// Fails when the case of our own vectors has no row; others may hold more of the kind.
    package static func demandReason(for vector: TracingVector, in file: VectorFile) throws {
        guard file.isOurs else { return }
        try #require(documented().contains("\(file.name)/\(vector.name)"), "no line tells why it diverges")
    }
}

import Foundation
import TestSupport
import Testing

/// Every Swift block of a document stands in a file of this folder, between the lines `// <document>: <what>` and
/// `// end`, where it is compiled and run; the indentation it has there does not count.
struct DocumentTests {
    @Test(arguments: ["README.md", "CONTRIBUTING.md"])
    func documentsShowWhatIsCompiledHere(_ document: String) throws {
        let text = try String(contentsOf: Components.root.appending(path: document), encoding: .utf8)
        let shown = blocks(of: text, from: { $0 == "```swift" }, to: { $0 == "```" })
        let compiled = try snippetFiles().flatMap { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            return blocks(of: text, from: { $0.hasPrefix("// \(document): ") }, to: { $0 == "// end" })
        }
        let uncompiled = shown.filter { !compiled.contains($0) }
        #expect(uncompiled == [], "shown, and not compiled in Tests/SnippetTests")
        let unshown = compiled.filter { !shown.contains($0) }
        #expect(unshown == [], "marked in Tests/SnippetTests, and not shown")
        #expect(!shown.isEmpty)
    }

    private func snippetFiles() throws -> [URL] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" }
    }

    /// The lines between each opening and closing line, without their common indentation.
    private func blocks(
        of text: String,
        from isOpening: (Substring) -> Bool,
        to isClosing: (Substring) -> Bool
    ) -> [String] {
        var blocks: [String] = []
        var open: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let content = line.drop { $0 == " " }
            if let lines = open, isClosing(content) {
                blocks.append(unindented(lines))
                open = nil
            } else if open != nil {
                open?.append(line)
            } else if isOpening(content) {
                open = []
            }
        }
        return blocks
    }

    private func unindented(_ lines: [Substring]) -> String {
        let indentation = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { String($0.dropFirst(indentation)) }.joined(separator: "\n")
    }
}

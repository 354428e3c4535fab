import Foundation
import TestSupport
import Testing

/// Every Swift block of README.md stands in a file of this folder, between the lines `// README: <what>` and
/// `// README end`, where it is compiled and run; the indentation it has there does not count.
struct ReadmeTests {
    @Test func readmeShowsWhatIsCompiledHere() throws {
        let readme = try String(contentsOf: Components.root.appending(path: "README.md"), encoding: .utf8)
        let shown = blocks(of: readme, from: { $0 == "```swift" }, to: { $0 == "```" })
        let compiled = try snippetFiles().flatMap { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            return blocks(of: text, from: { $0.hasPrefix("// README: ") }, to: { $0 == "// README end" })
        }
        #expect(!shown.isEmpty)
        for block in shown {
            #expect(compiled.contains(block), "README.md shows what Tests/SnippetTests does not compile:\n\(block)")
        }
        for block in compiled {
            #expect(shown.contains(block), "Tests/SnippetTests marks what README.md does not show:\n\(block)")
        }
    }

    private func snippetFiles() throws -> [URL] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" && $0.lastPathComponent != "ReadmeTests.swift" }
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

import Foundation
import TestSupport
import Testing

/// Each promise of the documentation names the tests that hold it.
@Suite struct PromiseTests {
    @Test func theTestsOfThePromisesAreThere() throws {
        let article = try String(
            contentsOf: Components.root.appending(path: "Sources/Kser/Kser.docc/WhatItPromises.md"),
            encoding: .utf8
        )
        let sections = article.components(separatedBy: "\n### ").dropFirst()
        #expect(sections.count >= 9)
        for section in sections {
            let names = section.matches(of: /(?m)^- `(\w+)\.(\w+)`$/)
            #expect(!names.isEmpty, "no test holds: \(section.prefix { $0 != "\n" })")
            for name in names {
                let source = try #require(try Self.source(of: "\(name.1)"), "there is no suite \(name.1)")
                #expect(source.contains("func \(name.2)("), "\(name.1) has no test \(name.2)")
            }
        }
    }

    /// Each line of the table of promises ends with tests that are there.
    @Test func theTestsOfTheSecurityPromisesAreThere() throws {
        let page = try String(contentsOf: Components.root.appending(path: "SECURITY.md"), encoding: .utf8)
        let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("What is promised") })
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
        #expect(rows.count >= 20)
        for row in rows {
            let last = row.split(separator: "|").last { !$0.allSatisfy(\.isWhitespace) } ?? ""
            let names = last.matches(of: /`(\w+)\.(\w+)`/)
            #expect(!names.isEmpty, "no test holds: \(row)")
            for name in names {
                let source = try #require(try Self.source(of: "\(name.1)"), "there is no suite \(name.1)")
                #expect(source.contains("func \(name.2)("), "\(name.1) has no test \(name.2)")
            }
        }
    }

    private static func source(of suite: String) throws -> String? {
        let tests = Components.root.appending(path: "Tests")
        let files = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)
        for case let file as URL in files ?? .init() where file.lastPathComponent == "\(suite).swift" {
            return try String(contentsOf: file, encoding: .utf8)
        }
        return nil
    }
}

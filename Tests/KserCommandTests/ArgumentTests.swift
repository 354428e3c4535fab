import TestSupport
import Testing

extension KserCommandTests {
    struct ArgumentTests {
        private static let verbs = [
            "send", "tail", "topics", "groups", "dlq", "operations", "cancel", "keygen", "seal", "open", "bench",
            "demo",
        ]

        @Test func theOverviewListsEveryVerbAndExitCode() async throws {
            let output = try await Tool.run("--help")
            #expect(output.status == 0)
            for verb in Self.verbs { #expect(output.lines.contains { $0.hasPrefix("  \(verb) ") }, "\(verb)") }
            for code in ["0", "1", "64", "65", "66", "69", "78", "130"] {
                #expect(output.lines.contains { $0.split(separator: " ").first == code[...] }, "\(code)")
            }
        }

        /// Each option that the help names is taken: it is not the one that is complained of.
        @Test(arguments: verbs) func helpIsRight(_ verb: String) async throws {
            let output = try await Tool.run(verb, "--help")
            #expect(output.status == 0)
            #expect(output.errorText.isEmpty)
            #expect(output.lines.first?.hasPrefix("Usage: kser \(verb) [OPTION…]") == true)
            let options = output.text.matches(of: #/(?m)^ +(?:-\w, |    )--([a-z-]+)( [A-Z])?/#)
            #expect(options.contains { $0.1 == "help" })
            for option in options {
                let words = ["--\(option.1)"] + (option.2 == nil ? [] : ["1"]) + ["--help"]
                let taken = try await Tool.start([verb] + words).end(within: .seconds(60))
                #expect(taken.status == 0, "\(verb) \(words): \(taken)")
            }
        }

        @Test(arguments: [
            [], ["sned"], ["send"], ["send", "jobs"], ["send", "jobs", "a.b"], ["send", "jobs", "--file"],
            ["send", "-b", "x:1", "jobs", "a.b", "novalue"], ["send", "-b", "x:1", "jobs", "a.b", "n:=zwei"],
            ["send", "-b", "x:1", "jobs", "a.b", "--file", "-"], ["tail"],
            ["tail", "-b", "x:1", "jobs", "-n", "viele"],
            ["tail", "-b", "x:1", "jobs", "more"], ["topics", "--nonsense"], ["topics", "-b", "x:1", "-X", "retries"],
            ["dlq"], ["dlq", "burn", "jobs", "-b", "x:1"], ["dlq", "show", "jobs", "-b", "x:1"],
            ["dlq", "list", "jobs", "--offsets", "9..1", "-b", "x:1"],
            ["dlq", "replay", "jobs", "--rate", "0", "-b", "x:1"], ["keygen", "extra"], ["bench", "-n", "0"],
            ["groups", "--timeout", "soon", "-b", "x:1"], ["cancel", "-b", "x:1", "-t", "control"],
            ["cancel", "u-1", "-b", "x:1"], ["cancel", "", "-b", "x:1", "-t", "control"],
            ["cancel", "u-1", "-t", "control"],
        ])
        func aMistakeIsToldInALine(_ words: [String]) async throws {
            let output = try await Tool.start(words).end(within: .seconds(60))
            #expect(output.status == 64)
            #expect(output.lines.isEmpty)
            let lines = output.errorText.split(separator: "\n")
            #expect(lines.count == 1, "\(output.errorText)")
            #expect(lines.first?.hasPrefix("kser") == true)
        }

        @Test func noBrokerNoFileAndNoKeyHaveNumbersOfTheirOwn() async throws {
            let away = try await Tool.run("topics", "-b", "127.0.0.1:1", "--timeout", "2")
            #expect(away.status == 69)
            #expect(away.errorText.contains("127.0.0.1:1"))
            let missing = try await Tool.run("send", "jobs", "-b", "127.0.0.1:1", "--file", "/nowhere/tasks.jsonl")
            #expect(missing.status == 66)
            #expect(missing.errorText.contains("/nowhere/tasks.jsonl"))
            #expect(try await Tool.run("seal").status == 78)
            let property = try await Tool.run("topics", "-b", "127.0.0.1:1", "-X", "no.such.property=1")
            #expect(property.status == 78)
            #expect(property.errorText.contains("no.such.property"))
        }
    }
}

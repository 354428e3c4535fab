import Foundation
import Kser
import KserKafka
import TestSupport
import Testing

extension KserCommandTests {
    struct ClusterVerbTests {
        @Test func topicsAreListed() async throws {
            let desk = try await Desk("topics")
            _ = try await Tool.run("send", desk.topic, "a.b", environment: desk.environment)
            let listed = try await Tool.run("topics", desk.topic, "--json", environment: desk.environment)
            #expect(try Tool.objects(listed) == [["topic": .string(desk.topic), "partitions": 3, "records": 1]])
            let parts = try await Tool.run(
                "topics",
                desk.topic,
                "--partitions",
                "--json",
                environment: desk.environment
            )
            #expect(try Tool.objects(parts).count == 3)
            let table = try await Tool.run("topics", environment: desk.environment)
            #expect(table.lines.first?.hasPrefix("topic ") == true)
            #expect(!table.text.contains("__consumer_offsets"))
            let missing = try await Tool.run("topics", "nowhere", environment: desk.environment)
            #expect(missing.status == 1)
            #expect(missing.errorText == "kser topics: there is no topic \"nowhere\"")
        }

        @Test func groupsShowTheirLag() async throws {
            let desk = try await Desk("groups", partitions: 1)
            for _ in 0..<3 { _ = try await Tool.run("send", desk.topic, "a.b", environment: desk.environment) }
            let group = "group-\(desk.topic)"
            try await desk.admin.setCommittedOffsets(ofGroup: group, topic: desk.topic, to: [0: 1])
            let lag = try await Tool.run("groups", group, desk.topic, "--json", environment: desk.environment)
            #expect(
                try Tool.objects(lag) == [
                    ["topic": .string(desk.topic), "partition": 0, "committed": 1, "end": 3, "lag": 2]
                ],
                "\(lag)"
            )
            let whole = try await Tool.run("groups", group, environment: desk.environment)
            #expect(whole.lines.count == 2, "\(whole)")
            #expect(try await Tool.run("groups", environment: desk.environment).status == 0)
            #expect(try await Tool.run("groups", "nobody", environment: desk.environment).status == 1)
        }

        @Test func groupsAreMoved() async throws {
            let desk = try await Desk("moves", partitions: 1)
            for _ in 0..<3 { _ = try await Tool.run("send", desk.topic, "a.b", environment: desk.environment) }
            let group = "group-\(desk.topic)"
            func move(_ words: String...) async throws -> ChildProcess.Output {
                try await Tool.start(["groups"] + words + ["--json"], desk.environment).end(within: .seconds(60))
            }
            let first = try await move("skip", group, desk.topic, "--partition", "0", "--count", "2")
            #expect(
                try Tool.objects(first) == [["topic": .string(desk.topic), "partition": 0, "from": nil, "to": 2]],
                "\(first)"
            )
            let second = try await move("skip", group, desk.topic, "-p", "0")
            #expect(try Tool.objects(second).first?["to"] == 3, "\(second)")
            let beyond = try await move("skip", group, desk.topic, "-p", "0")
            #expect(beyond.status == 1 && beyond.errorText.contains("has 0 message(s)"), "\(beyond)")
            let back = try await move("reset", group, desk.topic, "--to", "1")
            #expect(try Tool.objects(back).first?["from"] == 3, "\(back)")
            let moved = try await desk.admin.committedOffsets(ofGroup: group, topic: desk.topic)
            #expect(moved == [0: 1])
            for (place, offset) in [("earliest", 0), ("latest", 3)] {
                let moved = try await move("reset", group, desk.topic, "--to", place)
                #expect(try Tool.objects(moved).first?["to"] == .integer(Int64(offset)), "\(moved)")
            }
            #expect(try await move("reset", group, desk.topic, "--to", "4").status == 1)
            #expect(try await move("reset", group, desk.topic, "--to", "soon").status == 64)
            #expect(try await move("reset", group, desk.topic).status == 64)
            #expect(try await move("skip", group, desk.topic).status == 64)
            #expect(try await move("skip", group).status == 64)
            #expect(try await move("skip", group, desk.topic, "-p", "7").status == 1)
        }

        @Test func demoAndBenchBringTheirBroker() async throws {
            let demo = try await Tool.run("demo")
            #expect(demo.status == 0, "\(demo)")
            #expect(demo.lines.last?.hasPrefix("30 tasks, 3 partitions, ") == true)
            let told = try Tool.objects(try await Tool.run("demo", "--json"))
            #expect(told.last?["tasks"] == 30)
            #expect(told.count > 30, "a line of each task")
            let bench = try await Tool.run("bench", "--messages", "500", "--json")
            #expect(try Tool.objects(bench).first?["messages"] == 500)
        }

        @Test func keyRingsSealWithOneAndOpenWithAll() async throws {
            let folder = try TemporaryDirectory("ring")
            let (old, new) = (try await Tool.run("keygen").text, try await Tool.run("keygen").text)
            try folder.write("a message", to: "clear")
            try folder.write("2025=\(new)\n2024=\(old)\n", to: "keys")
            func path(_ name: String) -> String { folder.url.appending(path: name).path() }
            let ring = ["KSER_SECRETBOX_KEYS": "2025=\(new),2024=\(old)"]

            let sealed = try await Tool.run("seal", path("clear"), "--key-id", "2024", "--json", environment: ring)
            let envelope = try #require(try Tool.objects(sealed).first)
            #expect(envelope["keyID"] == "2024")
            try folder.write("\(envelope["envelope"] ?? nil)", to: "sealed")
            let opened = try await Tool.run("open", path("sealed"), "--keys", path("keys"), "--json")
            #expect(try Tool.objects(opened).first?["content"] == "a message", "\(opened)")
            #expect(try Tool.objects(opened).first?["keyID"] == "2024")
            #expect(try await Tool.run("open", path("sealed"), "--key-id", "2025", environment: ring).status == 65)
            let current = try await Tool.run("seal", path("clear"), "--json", "--keys", path("keys"))
            #expect(try Tool.objects(current).first?["keyID"] == "2025", "the first one seals")
            // One key without an id, beside a ring that does not have it.
            let single = ["KSER_SECRETBOX_KEYS": "2025=\(new)", "KSER_SECRETBOX_KEY": old]
            #expect(try await Tool.run("open", path("sealed"), environment: single).text == "a message")

            #expect(try await Tool.run("seal", path("clear"), "--key-id", "2023", environment: ring).status == 64)
            #expect(try await Tool.run("seal", path("clear"), "--keys", path("none")).status == 66)
            for text in ["2025", "2025=\(new.dropLast())", "a b=\(new)", "x=\(new) x=\(old)"] {
                let wrong = try await Tool.run("seal", path("clear"), environment: ["KSER_SECRETBOX_KEYS": text])
                #expect(wrong.status == 78, "\(wrong)")
                #expect(wrong.errorText.contains("KSER_SECRETBOX_KEYS: key "), "\(wrong)")
                #expect(!wrong.errorText.contains(new.prefix(20)), "keys stay out of errors")
            }
        }

        @Test func keysSealAndOpen() async throws {
            let folder = try TemporaryDirectory("keys")
            try folder.write("a message", to: "clear")
            let clear = folder.url.appending(path: "clear").path()
            let key = try await Tool.run("keygen", "--json")
            let environment = ["KSER_SECRETBOX_KEY": try #require(try Tool.objects(key).first?["key"]?.string)]
            let sealed = try await Tool.run("seal", clear, environment: environment)
            #expect(!sealed.text.contains("a message"))
            try folder.write(sealed.text, to: "sealed")
            let envelope = folder.url.appending(path: "sealed").path()
            #expect(try await Tool.run("open", envelope, environment: environment).text == "a message")
            let other = ["KSER_SECRETBOX_KEY": try await Tool.run("keygen").text]
            let refused = try await Tool.run("open", envelope, environment: other)
            #expect(refused.status == 65)
            #expect(refused.lines.isEmpty)
        }
    }
}

import Foundation
import Kser
import KserKafka
import TestSupport
import Testing

extension KserCommandTests {
    struct MessageVerbTests {
        @Test func whatIsSentIsShown() async throws {
            let desk = try await Desk("send", partitions: 1)
            let sent = try await Tool.run(
                "send",
                desk.topic,
                "mail.send",
                "to=ops@example.org",
                "copies:=2",
                "password=geheim",
                "--uuid",
                "u-1",
                "--key",
                "ops",
                "--json",
                environment: desk.environment
            )
            #expect(sent.status == 0, "\(sent)")
            let place = try #require(try Tool.objects(sent).first)
            #expect(place["uuid"] == "u-1")
            #expect(place["offset"] == 0)

            let shown = try await Tool.run("tail", desk.topic, "--json", environment: desk.environment)
            let record = try #require(try Tool.objects(shown).first)
            #expect(record["key"] == "ops")
            #expect(record["message"]?["uuid"] == "u-1")
            #expect(record["message"]?["entrypoint"] == "mail.send")
            #expect(record["message"]?["params"]?["copies"] == 2)
            #expect(record["message"]?["params"]?["password"] == "***", "secrets are shown when asked for alone")
            let open = try await Tool.run("tail", desk.topic, "--json", "--secrets", environment: desk.environment)
            #expect(try Tool.objects(open).first?["message"]?["params"]?["password"] == "geheim")
        }

        @Test func sealedMessagesNeedTheirKey() async throws {
            let desk = try await Desk("sealed", partitions: 1)
            let key = try await Tool.run("keygen").text
            let keyed = desk.environment.merging(["KSER_SECRETBOX_KEY": key]) { $1 }
            let sent = try await Tool.run("send", desk.topic, "mail.send", "to=ops", environment: keyed)
            #expect(sent.status == 0, "\(sent)")
            let open = try await Tool.run("tail", desk.topic, "--json", environment: keyed)
            #expect(try Tool.objects(open).first?["message"]?["params"]?["to"] == "ops")
            let closed = try await Tool.run("tail", desk.topic, "--json", environment: desk.environment)
            #expect(try Tool.objects(closed).first?["error"] != nil)
            #expect(!closed.text.contains("ops"))
        }

        @Test func keysRotateAndMessagesMayBeBound() async throws {
            let desk = try await Desk("rotated", partitions: 1)
            let (old, new) = (try await Tool.run("keygen").text, try await Tool.run("keygen").text)
            let former = desk.environment.merging(["KSER_SECRETBOX_KEYS": "2024=\(old)"]) { $1 }
            let ring = desk.environment.merging(["KSER_SECRETBOX_KEYS": "2025=\(new),2024=\(old)"]) { $1 }
            _ = try await Tool.run("send", desk.topic, "mail.send", "n:=1", environment: former)
            _ = try await Tool.run("send", desk.topic, "mail.send", "n:=2", environment: ring)
            _ = try await Tool.run("send", desk.topic, "mail.send", "n:=3", "--bound", environment: ring)
            let shown = try Tool.objects(try await Tool.run("tail", desk.topic, "--json", environment: ring))
            #expect(shown.map { $0["message"]?["params"]?["n"] } == [1, 2, 3])
            #expect(shown.map { $0["headers"]?["kser_key-id"] } == ["2024", "2025", "2025"])
            let part = try Tool.objects(try await Tool.run("tail", desk.topic, "--json", environment: former))
            #expect(part.map { $0["error"] != nil } == [false, true, true])
            let bare = try await Tool.run("send", desk.topic, "mail.send", "--bound", environment: desk.environment)
            #expect(bare.status == 64, "\(bare)")
        }

        @Test func aFileOfLinesIsSentWithProgress() async throws {
            let desk = try await Desk("lines")
            let folder = try TemporaryDirectory("lines")
            let count = 20_000
            let lines = (0..<count).map { #"{"entrypoint": "mail.send", "params": {"n": \#($0)}}"# }
            try folder.write(lines.joined(separator: "\n"), to: "tasks.jsonl")
            let file = folder.url.appending(path: "tasks.jsonl")
            let sent = try await Tool.run(
                "send",
                desk.topic,
                "--file",
                "-",
                "--progress",
                "--json",
                environment: desk.environment,
                input: file
            )
            #expect(sent.status == 0, "\(sent)")
            #expect(try Tool.objects(sent) == [["sent": .integer(Int64(count)), "rejected": 0]])
            #expect(sent.errorText.contains("\(count) messages, "), "progress")
            #expect(try await desk.count(desk.topic) == count)
        }

        @Test func badLinesAreNamedAndTheOthersSent() async throws {
            let desk = try await Desk("bad", partitions: 1)
            let folder = try TemporaryDirectory("bad")
            try folder.write("{\"params\": {}}\nno json\n\n{\"entrypoint\": \"a.b\"}\n[1]\n", to: "tasks.jsonl")
            let path = folder.url.appending(path: "tasks.jsonl").path()
            let sent = try await Tool.run("send", desk.topic, "--file", path, environment: desk.environment)
            #expect(sent.status == 65)
            for line in ["line 1: ", "line 2: ", "line 5: "] { #expect(sent.errorText.contains(line)) }
            #expect(!sent.errorText.contains("line 4"))
            #expect(try await desk.count(desk.topic) == 1)
        }

        @Test func tailFollows() async throws {
            let desk = try await Desk("follow", partitions: 1)
            let tail = try Tool.start(["tail", desk.topic, "--follow", "--json"], desk.environment)
            for number in 0..<3 {
                _ = try await Tool.run("send", desk.topic, "a.b", "n:=\(number)", environment: desk.environment)
                let line = try await tail.line(within: .seconds(60))
                #expect(try JSON(parsing: line)["message"]?["params"]?["n"] == .integer(Int64(number)))
            }
            tail.interrupt()
            #expect(try await tail.end(within: .seconds(60)).status == 0)
        }
    }
}

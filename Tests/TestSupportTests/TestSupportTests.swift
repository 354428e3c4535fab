import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct TestSupportTests {
    @Test func aDeadlineNamesWhatWasAwaited() async throws {
        let never = Watched(0)
        let error = await #expect(throws: DeadlineExceeded.self) {
            try await withDeadline(.milliseconds(20), "the impossible") { try await never.wait { $0 == 1 ? $0 : nil } }
        }
        #expect(error?.description == "not done within 0.02 seconds: the impossible")
    }

    @Test func aProgramIsReadWhileItRunsAndKilledWithItsLeash() async throws {
        let script = "echo bad >&2; echo one; echo two; exec cat /dev/zero >/dev/null"
        let process = try ChildProcess("/bin/bash", ["-c", script])
        #expect(try await process.line(within: .seconds(10)) == "one")
        #expect(try await process.line(within: .seconds(10)) == "two")
        process.kill()
        let output = try await process.end(within: .seconds(10))
        #expect(output.status != 0)
        #expect(output.errorText.contains("bad"))
    }

    @Test func aBrokerKeepsItsDataOverARestart() async throws {
        let broker = try await NoidaBroker()
        let servers = broker.bootstrapServers
        try await PythonPeer.createTopics(["kept": 3], on: servers)
        try await Kcat.produce(["one", "two"], to: "kept", key: "k", headers: [("a", "b")], on: servers)
        try await broker.stop()
        try await broker.restart()
        let records = try await Kcat.consume(2, from: "kept", on: servers)
        #expect(records.map(\.payload) == ["one", "two"])
        #expect(records.allSatisfy { $0.key == "k" && $0.headers == ["a", "b"] })
    }

    @Test(arguments: PythonPeer.Driver.allCases)
    func pythonTalksToPython(_ driver: PythonPeer.Driver) async throws {
        let servers = try await NoidaBroker.shared().bootstrapServers
        let (topic, results) = ("jobs-\(driver)", "results-\(driver)")
        try await PythonPeer.createTopics([topic: 2, results: 1], on: servers)
        let tasks = (0..<20).map { #"{"uuid": "u\#($0)", "entrypoint": "peer.Echo", "params": {"n": \#($0)}}"# }
        try await PythonPeer.send(tasks, to: topic, on: servers, driver: driver)
        let worker = try await PythonPeer.worker(
            on: servers,
            topic: topic,
            results: results,
            group: topic,
            driver: driver
        )
        try await PythonPeer.members(1, of: topic, on: servers)
        let answers = try await PythonPeer.results(20, from: results, on: servers)
        #expect(answers.allSatisfy { $0.contains(#""stdout": "echo""#) })
        #expect(Set(answers).count == 20)
        #expect(try await worker.stop().consumed == 20)
    }
}

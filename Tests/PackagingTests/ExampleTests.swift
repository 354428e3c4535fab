import Foundation
import TestSupport
import Testing

/// The examples, as `make demo` and a reader run them.
@Suite(.timeLimit(.minutes(2)))
struct ExampleTests {
    @Test func diceRunsOnTheEmbeddedBroker() async throws {
        try await playDice(environment: ["KSER_BOOTSTRAP_SERVERS": ""])
    }

    @Test func diceRunsOnABrokerOverTCP() async throws {
        try await playDice(environment: ["KSER_BOOTSTRAP_SERVERS": NoidaBroker.shared().bootstrapServers])
    }

    @Test func helloGreets() async throws {
        let output = try await ChildProcess(Components.products.appending(path: "Hello").path(), [])
            .success(within: .seconds(30))
        #expect(output.text.contains("Hello "))
    }

    @Test func yahtzeeIsPlayedInProcess() async throws {
        let output = try await play("Yahtzee", [])
        #expect(output.lines.count { $0.contains(" DiceRoll.Success: ") } == 12)
        #expect(output.lines.contains { $0.hasPrefix("Operation [Yahtzee]") && $0.hasSuffix("status=SUCCESS)") })
        #expect(output.lines.last?.wholeMatch(of: /Yahtzee: {"dice": \[(\d, ){8}\d]}/) != nil)
    }

    @Test(arguments: [true, false])
    func yahtzeeIsPlayedOverTwoWorkers(_ isEmbedded: Bool) async throws {
        let servers = isEmbedded ? "" : try await NoidaBroker.shared().bootstrapServers
        let output = try await play("Yahtzee", ["--distributed"], ["KSER_BOOTSTRAP_SERVERS": servers])
        #expect(output.lines.count { $0.contains(" DiceRoll.Success: ") } == 9)
        #expect(output.lines.contains { $0.hasPrefix("SUCCESS, 9 of 9 tasks done, ") })
        #expect(output.lines.count { $0.wholeMatch(of: /Yahtzee: {"dice": \[(\d, ){8}\d]}/) != nil } == 1)
        #expect(output.lines.count { $0.contains("Yahtzee.Success: dice.Yahtzee") } == 1)
    }

    private func play(
        _ example: String,
        _ arguments: [String],
        _ environment: [String: String] = [:]
    ) async throws -> ChildProcess.Output {
        try await ChildProcess(
            Components.products.appending(path: example).path(),
            arguments,
            environment: environment
        ).success(within: .seconds(110))
    }

    private func playDice(environment: [String: String]) async throws {
        let dice = Components.products.appending(path: "Dice").path()
        let output = try await ChildProcess(dice, [], environment: environment).success(within: .seconds(60))
        let summary = try #require(output.lines.last)
        #expect(summary.wholeMatch(of: /30 tasks, 30 succeeded, 3 partitions, \d+ ms/) != nil, "\(summary)")
        #expect(output.lines.count { $0.contains(" DiceRoll.Success: ") } == 30)
    }
}

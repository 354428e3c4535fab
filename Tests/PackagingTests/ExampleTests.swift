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

    private func playDice(environment: [String: String]) async throws {
        let dice = Components.products.appending(path: "Dice").path()
        let output = try await ChildProcess(dice, [], environment: environment).success(within: .seconds(60))
        let summary = try #require(output.lines.last)
        #expect(summary.wholeMatch(of: /30 tasks, 30 succeeded, 3 partitions, \d+ ms/) != nil, "\(summary)")
        #expect(output.lines.count { $0.contains(" DiceRoll.Success: ") } == 30)
    }
}

import Kser
import Synchronization
import Testing

@Suite struct BackoffTests {
    @Test func pausesGrowUpToTheCap() {
        let backoff = Backoff(initial: .milliseconds(100), factor: 3, cap: .seconds(2), jitter: 0)
        #expect((1...5).map { backoff.pause(before: $0) } == [100, 300, 900, 2_000, 2_000].map { .milliseconds($0) })
        #expect(backoff.pause(before: 1_000_000) == .seconds(2))
    }

    @Test(arguments: [(0, 0.9), (0.5, 1), (1, 1.1)])
    func jitterMakesThemLongerOrShorter(random: Double, factor: Double) {
        var backoff = Backoff(initial: .seconds(10), cap: .seconds(60), jitter: 0.1)
        backoff.random = { random }
        #expect(abs(backoff.pause(before: 2) / .seconds(20 * factor) - 1) < 1e-9)
        backoff.cap = .seconds(15)
        #expect(backoff.pause(before: 2) <= .seconds(15))
    }

    @Test func nonsenseWaitsForNothing() {
        #expect(Backoff(initial: .seconds(-1)).pause(before: 1) == .zero)
        #expect(Backoff(cap: .seconds(-1)).pause(before: 9) == .zero)
        #expect(Backoff(initial: .zero).pause(before: 1_000_000) == .zero)
        #expect(Backoff(factor: 0, jitter: 0).pause(before: 3) == .zero)
        #expect(Backoff(factor: .nan, jitter: 0).pause(before: 3) == .seconds(30))
        #expect(Backoff(factor: -2, jitter: 0).pause(before: 2) == .zero)
        for retry in [0, -5, .min] { #expect(Backoff(jitter: 0).pause(before: retry) == .milliseconds(100)) }
        for _ in 0..<1_000 {
            let pause = Backoff(jitter: 99).pause(before: 2)
            #expect(pause >= .zero && pause <= .milliseconds(400))
        }
    }
}

@Suite struct OutcomeClassifierTests {
    @Test(arguments: [
        (0, Kser.Outcome.success), (299, .success), (300, .retry), (400, .deadLetter), (404, .deadLetter),
        (408, .retry), (429, .retry), (500, .retry), (501, .deadLetter), (504, .retry), (1_000, .retry),
    ])
    func byCode(code: Int, outcome: Kser.Outcome) async throws {
        let controller = Controller(logger: .none)
        try await controller.register("step") { (_: JSONObject, execution) in
            ExecutionResult(uuid: execution.uuid, retcode: code)
        }
        let value = try JSONMessageCodec().encode(Message(entrypoint: "step"))
        let dispatch = await controller.dispatch(Record(topic: "t", value: value))
        #expect(OutcomeClassifier.byCode(dispatch) == outcome)
        #expect(OutcomeClassifier.answered(dispatch) == Kser.Outcome.success)
    }

    @Test func whatNoHandlerTookIsADeadLetter() async throws {
        let dispatch = await Controller(logger: .none).dispatch(Record(topic: "t", value: nil))
        #expect(OutcomeClassifier.byCode(dispatch) == Kser.Outcome.deadLetter)
        #expect(OutcomeClassifier.answered(dispatch) == Kser.Outcome.deadLetter)
    }
}

import Kser
import Testing

@Suite("A value to come", .timeLimit(.minutes(3)))
struct PromiseTests {
    @Test("is settled once, for all who wait and who come later")
    func settling() async throws {
        let promise = Promise<Int>()
        async let first = promise.value()
        async let second = promise.value()
        promise.keep(1)
        #expect(!promise.settle(.success(2)))
        #expect(try await [first, second, promise.value()] == [1, 1, 1])
    }

    @Test("a cancelled task stops waiting, the others go on", arguments: 0..<50)
    func cancelling(_ round: Int) async throws {
        let promise = Promise<Int>()
        let stays = Task { try await promise.value() }
        let leaves = Task { try await promise.value() }
        if round % 2 == 0 { await Task.yield() }
        leaves.cancel()
        await #expect(throws: CancellationError.self) { try await leaves.value }
        promise.keep(round)
        #expect(try await stays.value == round)
    }
}

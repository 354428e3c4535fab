import Testing

@testable import Kser

/// `é` in one scalar and in two: the same for Swift's `==`, two texts for Kafka, Python and everything else.
@Suite("Two spellings of a text are two keys")
struct SpellingTests {
    private let composed = "caf\u{E9}"
    private let decomposed = "cafe\u{301}"

    @Test func theyAreEqualForSwift() { #expect(composed == decomposed) }

    @Test func duplicates() {
        let window = InMemoryDeduplicationWindow()
        window.insert(DeduplicationKey(uuid: composed))
        #expect(window.contains(DeduplicationKey(uuid: composed)))
        #expect(!window.contains(DeduplicationKey(uuid: decomposed)))
        #expect(DeduplicationKey(uuid: composed) != DeduplicationKey(uuid: decomposed))
        #expect(Set([composed, decomposed].map { DeduplicationKey(uuid: $0) }).count == 2)
    }

    @Test func cancellations() async throws {
        let registry = CancellationRegistry(capacity: 10, lifetime: .seconds(60), clock: .system)
        registry.cancel(composed, reason: "r")
        for (uuid, retcode) in [(composed, 499), (decomposed, 0)] {
            let execution = Execution(uuid: uuid, path: "p", logger: .none)
            #expect(try await registry.run(execution) { ExecutionResult() }.retcode == retcode)
        }
    }

    @Test func entrypoints() async throws {
        let controller = Controller(logger: .none)
        try await controller.register(composed) { (_: JSONObject, _) in 1 }
        try await controller.register(decomposed) { (_: JSONObject, _) in 2 }
        #expect(await controller.run(Message(entrypoint: composed)).retval == ["value": 1])
        #expect(await controller.run(Message(entrypoint: decomposed)).retval == ["value": 2])
    }

    private struct Twins: OperationEntrypoint {
        let uuids: [String]

        struct Step: TaskEntrypoint {
            func run(_ parameters: JSONObject, in execution: Execution) async throws -> ExecutionResult {
                execution.result()
            }
        }

        func tasks(for parameters: JSONObject, in execution: Execution) async throws -> [TaskCall] {
            uuids.map { TaskCall(Step(), uuid: $0) }
        }
    }

    @Test func tasksOfAnOperation() async {
        let run = await Twins(uuids: [composed, decomposed]).build(logger: .none)
        #expect(run.buildError == nil)
        #expect(run.tasks.count == 2)
        #expect(await Twins(uuids: [composed, composed]).build(logger: .none).buildError != nil)
    }
}

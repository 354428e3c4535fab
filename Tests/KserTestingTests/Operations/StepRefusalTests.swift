import Kser
import KserTesting
import Testing

/// Operations whose next task cannot be sent or written: they fail, and hold no message up.
@Suite(.timeLimit(.minutes(1))) struct StepRefusalTests {
    private let stage = Stage()

    @Test(arguments: [false, true])
    func aTaskWhoseMessageIsTooLargeHasFailed(compensates: Bool) async throws {
        let a = try await stage.step("A") { $0.result(stdout: String(repeating: "x", count: 9_000)) }
        let b = try await stage.step("B")
        var steps = ClusterSteps {
            TaskCall(a)
            TaskCall(b)
        }
        steps.compensatesOnFailure = compensates
        let producer = Picky(stage.broker) { record in
            // The first task's own message, and that which compensates it, are let through.
            guard record.size > 5_000, let message = try? JSONMessageCodec().decode(record.value ?? []) else {
                return nil
            }
            return message.entrypoint == "test.B" ? .tooLarge : nil
        }
        let cluster = stage.makeCluster(producer)
        let launched = try await steps.build().launch(on: cluster)
        var other = stage
        other.cluster = cluster
        let result = try await other.withWorkers {
            let result = try await launched.result()
            try await other.settle()
            return result
        }
        #expect(result.retcode == 500 && result.stderr.contains("the message of the next task of 9"), "\(result)")
        let record = try await launched.record()
        #expect(record.status == .failed)
        #expect(record.tasks.map(\.status) == [compensates ? .compensated : .success, .failed])
        #expect(producer.asked("jobs") == (compensates ? 4 : 3))
    }

    @Test func aResultThatCannotBeWrittenFailsItsTask() async throws {
        let a = try await stage.step("A") { $0.result(retval: ["loss": .double(.nan)]) }
        let b = try await stage.step("B")
        let launched = try await ClusterSteps {
            TaskCall(a)
            TaskCall(b)
        }.build().launch(on: stage.cluster)
        let result = try await stage.withWorkers { try await launched.result() }
        #expect(result.retcode == 400)
        #expect(stage.journal.all == ["A"])
    }
}

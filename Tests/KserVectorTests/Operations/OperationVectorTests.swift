import Kser
import Testing

extension VectorTests {
    @Suite("operations")
    struct OperationVectorTests {
        @Test(arguments: VectorFolder.kser("operations"))
        func operation(_ entry: VectorEntry) async {
            await entry.run(swift: OperationCase.complaint) { try await OperationCase($0).outcome() }
        }
    }
}

/// Makes an operation and calls its methods step by step.
private struct OperationCase {
    private let classes: OperationClasses
    private let registered: [String]
    private let steps: [JSON]
    private let controller: Controller
    private let lines = LogLines()

    init(_ vector: Vector) throws {
        let given = try Fields(vector.given, "given", allowing: ["classes", "registered", "controller", "steps"])
        classes = try OperationClasses(given.list("classes"), RecordedResults(vector.expect))
        registered = try given.optional("registered", Fields.texts) ?? []
        steps = try given.list("steps")
        let script = try ControllerScript(given.object["controller"], defaultName: "Controller")
        controller = Controller(name: script.name, hooks: script.hooks, logger: lines.logger)
    }

    func outcome() async throws -> JSON {
        for path in registered { try await register(classes.entrypoint(path)) }
        _ = lines.take()
        var calls = OperationCalls(classes: classes, controller: controller, logger: lines.logger)
        var outcomes: [JSON] = []
        for step in steps {
            let (name, outcome) = try await calls.perform(step)
            var fields: JSONObject = ["call": .string(name), "outcome": outcome, "log": lines.take()]
            fields.merge(classes.records.take())
            fields["state"] = calls.state
            outcomes.append(.object(fields))
        }
        return ["steps": .array(outcomes)]
    }

    private func register(_ entrypoint: some Entrypoint) async throws { try await controller.register(entrypoint) }
}

extension OperationCase {
    /// What has to hold where Python gives no result: every execution has a whole one, and that of an operation without
    /// tasks says so.
    static func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
        let executions = ["execute", "unsafe_execute", "controller_run"]
        for step in outcome["steps"]?.array ?? [] where executions.contains(step["call"]?.string ?? "") {
            let result = step["outcome"]?["returns"]?["result"]
            guard let retcode = result?["retcode"]?.int, result?["uuid"]?.string?.isEmpty == false else {
                return "not a whole result: \(step)"
            }
            let isEmpty = step["state"]?["tasks"]?.array?.isEmpty == true
            if isEmpty != (retcode == 1 && result?["stderr"] == "Nothing to do, empty operation !") {
                return "not the result of its tasks: \(step)"
            }
        }
        return nil
    }
}

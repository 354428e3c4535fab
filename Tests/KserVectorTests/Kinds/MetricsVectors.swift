import Foundation
import Kser
import KserMetrics
import Testing

extension VectorTests {
    @Suite("metrics")
    struct Metrics {
        @Test(arguments: VectorFolder.kser("metrics"))
        func metrics(_ entry: VectorEntry) async {
            await entry.run(place: ["HOSTNAME": MetricsCase.hostname]) { try await MetricsCase($0).outcome() }
        }
    }
}

/// Runs messages and operations, and reads the metrics.
private struct MetricsCase {
    static let hostname = "vector-host"

    private let classes: OperationClasses
    private let registered: [String]
    private let steps: [JSON]
    private let metrics: WorkerMetrics
    private let controller: Controller

    init(_ vector: Vector) throws {
        let given = try Fields(vector.given, "given", allowing: ["classes", "registered", "steps"])
        classes = try OperationClasses(given.list("classes"), RecordedResults(vector.expect))
        registered = try given.texts("registered")
        steps = try given.list("steps")
        metrics = try WorkerMetrics(hostname: Self.hostname)
        controller = Controller(logger: .none, monitor: metrics)
    }

    func outcome() async throws -> JSON {
        for path in registered { try await register(classes.entrypoint(path)) }
        for step in steps { try await perform(step) }
        return [
            "exposition": lines(.text),
            "content_type_plain": .string(ExpositionFormat.text.contentType),
            "openmetrics": lines(.openMetrics),
            "content_type_openmetrics": .string(ExpositionFormat.openMetrics.contentType),
        ]
    }

    private func register(_ entrypoint: some Entrypoint) async throws { try await controller.register(entrypoint) }

    private func perform(_ json: JSON) async throws {
        let step = try Fields(json, "step", allowing: ["call", "raw", "class", "init", "build", "result"])
        let call = try step.text("call")
        switch call {
        case "controller_run": _ = await controller.run(try step.text("raw"))
        case "execute", "unsafe_execute":
            let result = try step.optional("result", Fields.value).map { try ResultFields($0, "step.result").make() }
            let arguments = try classes.arguments(step.optional("init", Fields.value) ?? [:])
            let entrypoint = try classes.entrypoint(step.text("class"))
            let isThrowing = call == "unsafe_execute"
            guard let operation = entrypoint as? any OperationEntrypoint else {
                return await execute(entrypoint, arguments, after: result, isThrowing: isThrowing)
            }
            let run =
                if try step.optional("build", Fields.truth) == true {
                    await operation.build(arguments.params, uuid: arguments.uuid, logger: .none, monitor: metrics)
                } else {
                    OperationRun(
                        operation,
                        Execution(
                            uuid: arguments.uuid,
                            path: operation.path,
                            isTask: true,
                            params: arguments.params,
                            logger: .none,
                            monitor: metrics
                        )
                    )
                }
            if isThrowing { _ = try? await run.throwingExecute(result) } else { _ = await run.execute(result) }
        default: throw SchemaError("unknown call '\(call)'")
        }
    }

    /// Runs an entrypoint that no controller knows.
    private func execute(
        _ entrypoint: some Entrypoint,
        _ arguments: TaskArguments,
        after result: ExecutionResult?,
        isThrowing: Bool
    ) async {
        if isThrowing {
            _ = try? await entrypoint.throwingExecute(
                arguments.params,
                uuid: arguments.uuid,
                metadata: arguments.metadata,
                result: result,
                logger: .none,
                monitor: metrics
            )
        } else {
            _ = await entrypoint.execute(
                arguments.params,
                uuid: arguments.uuid,
                metadata: arguments.metadata,
                result: result,
                logger: .none,
                monitor: metrics
            )
        }
    }

    /// The lines of the metrics that Python's kser has, as the recording script keeps them.
    private func lines(_ format: ExpositionFormat) -> JSON {
        let text = String(decoding: metrics.registry.exposition(format), as: UTF8.self)
        var isKept = false
        let lines = text.split(separator: "\n").filter { line in
            if line.hasPrefix("#") {
                isKept = line.contains(" kser_task_count") || line.contains(" kser_task_result") || line == "# EOF"
            }
            return isKept
        }
        return .array(lines.map { .string(String($0)) })
    }
}

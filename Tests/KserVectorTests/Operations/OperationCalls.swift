import Kser

/// Calls the methods of one operation.
struct OperationCalls {
    let classes: OperationClasses
    let controller: Controller
    let logger: KserLogger
    private var current: OperationRun?

    init(classes: OperationClasses, controller: Controller, logger: KserLogger) {
        self.classes = classes
        self.controller = controller
        self.logger = logger
    }

    /// The state of the operation; nil before there is one.
    var state: JSON? {
        guard let current else { return nil }
        return [
            "status": .string(current.status.rawValue),
            "result": .object(current.execution.result.json),
            "tasks": .array(
                current.tasks.map { task in
                    [
                        "uuid": .string(task.uuid), "path": .string(task.path), "status": .string(task.status.rawValue),
                        "result": .object(task.result.json),
                    ]
                }
            ),
        ]
    }

    /// Makes one call, and tells its name and its outcome.
    mutating func perform(_ json: JSON) async throws -> (name: String, outcome: JSON) {
        let step = try Fields(
            json,
            "step",
            allowing: ["call", "class", "init", "kwargs", "result", "task", "index", "status", "subscribe", "raw"]
        )
        let name = try step.text("call")
        do {
            return (name, try await outcome(of: name, step))
        } catch let error as SchemaError {
            throw error
        } catch {
            return (name, Outcome.raising(error))
        }
    }

    private mutating func outcome(of call: String, _ step: Fields) async throws -> JSON {
        switch call {
        case "new": return try await make(step, step.optional("init", Fields.value) ?? [:])
        case "cls_new": return try await make(step, step.value("kwargs"))
        case "registry": return try await subscribe(step.texts("subscribe"))
        case "controller_run": return Outcome.returning(await controller.run(try step.text("raw")))
        default:
            guard let current else { throw SchemaError("no operation yet for '\(call)'") }
            return try await outcome(of: call, step, on: current)
        }
    }

    private mutating func make(_ step: Fields, _ arguments: JSON) async throws -> JSON {
        let arguments = try classes.arguments(arguments)
        let path = try step.text("class")
        guard let operation = try classes.entrypoint(path) as? any OperationEntrypoint else {
            throw SchemaError("'\(path)' is no operation")
        }
        let execution = Execution(
            uuid: arguments.uuid,
            path: path,
            isTask: true,
            params: arguments.params,
            result: arguments.result,
            metadata: arguments.metadata,
            status: arguments.status,
            logger: logger
        )
        let run = OperationRun(operation, execution)
        current = run
        try await run.begin()
        return Outcome.returningNothing
    }

    private func subscribe(_ paths: [String]) async throws -> JSON {
        func subscribe(_ task: some TaskEntrypoint) async throws { try await controller.subscribe(task) }
        for path in paths { try await subscribe(classes.entrypoint(path)) }
        return Outcome.returning(value: .array(controller.entrypoints.sorted().map(JSON.string)))
    }
}

extension OperationCalls {
    private func outcome(of call: String, _ step: Fields, on run: OperationRun) async throws -> JSON {
        let result = try step.optional("result", Fields.value).map { try ResultFields($0, "step.result").make() }
        let params = try step.optional("kwargs", Fields.object) ?? [:]
        switch call {
        case "build":
            try await run.build(params)
            return ["returns": ["entrypoint": .string(run.uuid), "path": .string(run.execution.path)]]
        case "compute_tasks":
            let tasks = try await run.computeTasks(params)
            return ["returns": ["entrypoints": .array(tasks.map { .string($0.uuid) })]]
        case "execute": return Outcome.returning(try await run.perform(result))
        case "unsafe_execute": return Outcome.returning(try await run.throwingExecute(result))
        case "launch": return Outcome.returning(try await run.launch(result, send: sender))
        case "launch_next": return try await launchNext(step, result, run)
        case "next":
            guard let next = run.next(after: try task(step, "task", of: run)) else { return Outcome.returningNothing }
            return ["returns": ["entrypoint": .string(next.uuid), "path": .string(next.path)]]
        case "set_status": try await run.setStatus(TaskStatus(rawValue: step.text("status")), result)
        case "add_task": try run.append(classes.call(step.value("task"))())
        case "set_task":
            var task = try task(step, "index", of: run)
            if let status = try step.optional("status", Fields.text) { task.status = TaskStatus(rawValue: status) }
            if let result { task.result = result }
            run.put(task, at: try step.integer("index"))
        case "display": return Outcome.returning(value: .string(run.description))
        case "send": break  // nothing to call here; it does nothing in Python
        default: throw SchemaError("unknown call '\(call)'")
        }
        return Outcome.returningNothing
    }

    private func launchNext(_ step: Fields, _ result: ExecutionResult?, _ run: OperationRun) async throws -> JSON {
        if step.object["task"]?.isNull != false {
            return Outcome.returning(try await run.launch(result, send: sender))
        }
        let next = try await run.launchNext(after: task(step, "task", of: run), result, send: sender)
        return next.map(Outcome.returning(_:)) ?? Outcome.returningNothing
    }

    private func task(_ step: Fields, _ key: String, of run: OperationRun) throws -> TaskCall {
        let index = try step.integer(key)
        guard run.tasks.indices.contains(index) else { throw SchemaError("no task \(index)") }
        return run.tasks[index]
    }

    /// Sends as the class of a task does.
    private var sender: OperationRun.Sender {
        { [classes] task, result in
            switch try classes[task.path].sending {
            case .works:
                classes.records.sent(task.message(result: result))
                return ExecutionResult(uuid: task.uuid, stdout: "sent \(task.uuid)")
            case .fails: throw PythonError("broker down")
            case nil: throw PythonError("'\(task.path)' has no method to send it")
            }
        }
    }
}

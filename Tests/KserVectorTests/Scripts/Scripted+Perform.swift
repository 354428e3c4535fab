import Kser

extension Scripted {
    /// Follows a script.
    ///
    /// - Parameters:
    ///   - actions: the script.
    ///   - argument: what the hook got; nil for a hook without an argument.
    ///   - execution: the run.
    /// - Returns: what the script returns; nil for nothing.
    /// - Throws: what the script raises.
    func perform(
        _ actions: [Action],
        with argument: HookArgument? = nil,
        in execution: Execution
    ) throws -> ExecutionResult? {
        for action in actions {
            let fields = action.fields
            switch action.kind {
            case .result: return try action.result(uuid: execution.uuid, params: execution.params)
            case .echo:
                return execution.result(
                    retval: ["params": .object(execution.params), "metadata": .object(execution.metadata)])
            case .returnArgument: return argument?.result
            case .returnNone: return nil
            case .returnOwnResult: return execution.result
            case .returnValue:
                // Python fails when it merges such a value; no Swift handler can return one.
                throw PythonError("not a result: \(try fields.value("value"))")
            case .raise: throw try action.error
            case .print: execution.print(try fields.value("data").pythonText)
            case .printError: execution.printError(try fields.value("data").pythonText)
            case .setArgument: try set(fields, on: argument)
            case .setParam: execution.params[try fields.text("key")] = try fields.value("value")
            case .setMetadata: execution.metadata[try fields.text("key")] = try fields.value("value")
            case .setRetval: execution.result.retval[try fields.text("key")] = try fields.value("value")
            case .setStatus: execution.status = TaskStatus(rawValue: try fields.text("status"))
            case .log: execution.log(try fields.text("message"), level: try action.level, metadata: try action.extra)
            case .search:
                return execution.result(retval: ["found": try execution.result.search(fields.text("xpath"))])
            case .returnMessage, .setEntrypoint: throw SchemaError("\(fields.place) is an action of controllers")
            }
        }
        return nil
    }

    private func set(_ fields: Fields, on argument: HookArgument?) throws {
        guard let argument else { throw SchemaError("\(fields.place) sets the argument of a hook that has none") }
        try ResultFields(fields.value("set"), fields.place).assign(to: &argument.result)
    }
}

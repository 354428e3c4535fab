import Kser
import Testing

extension VectorTests {
    @Suite("results")
    struct Results {
        @Test(arguments: VectorFolder.kser("results"))
        func result(_ entry: VectorEntry) async {
            await entry.run(swift: complaint) { vector in
                do { return try ResultRun(vector).outcome() } catch let error as ResultRun.Refused { return error.json }
            }
        }

        /// Whatever a script makes has a uuid and can be written.
        private func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
            if outcome["raises"] != nil { return nil }
            let isWhole = outcome["dump"]?["uuid"]?.string?.isEmpty == false && outcome["dumps"]?.string != nil
            return isWhole ? nil : "not a whole result: \(outcome)"
        }
    }

    @Suite("additions")
    struct Additions {
        @Test(arguments: VectorFolder.kser("additions"))
        func addition(_ entry: VectorEntry) async {
            await entry.run(swift: complaint) { try AdditionRun($0).outcome() }
        }

        /// Results are values: a sum shares nothing with what was added.
        private func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
            guard let later = outcome["sum_after_right_mutated"] else { return nil }
            return later == outcome["sum"] ? nil : "the sum changed with its operand: \(outcome)"
        }
    }
}

/// Makes a result in one of the ways there are.
private struct ResultRun {
    /// Loading gave an error, which is the outcome.
    struct Refused: Error {
        let json: JSON
    }

    private let result: ExecutionResult

    init(_ vector: Vector) throws {
        let given = try Fields(
            vector.given,
            "given",
            allowing: ["op", "args", "input", "calls", "exception", "uuid"]
        )
        switch try given.text("op") {
        case "construct":
            result = try ResultFields(given.value("args"), "given.args").make()
        case "load":
            do {
                result = try ExecutionResult(parsing: given.text("input"))
            } catch let error as KserError {
                throw Refused(json: Outcome.raising(error))
            }
        case "print":
            result = try Self.print(given)
        case "from_exception":
            let error = try ScriptedError(given.value("exception"), "given.exception").error
            result = .from(error, uuid: try given.optional("uuid", Fields.text))
        case "from_error":
            let error = try ScriptedError(given.value("exception"), "given.exception").error
            guard let error = error as? KserError else { throw SchemaError("from_error takes an error of kser") }
            result = .from(error)
        case let other:
            throw SchemaError("unknown op '\(other)'")
        }
    }

    private static func print(_ given: Fields) throws -> ExecutionResult {
        var result = try ResultFields(given.value("args"), "given.args").make()
        for call in try given.list("calls") {
            guard let data = call[1]?.pythonText else { throw SchemaError("given.calls holds \(call)") }
            switch call[0]?.string {
            case "print": result.print(data)
            case "print_err": result.printError(data)
            default: throw SchemaError("given.calls holds \(call)")
            }
        }
        return result
    }

    func outcome() throws -> JSON {
        [
            "dump": .object(result.json),
            "str": .string(result.description),
            "dumps": .string(String(decoding: try JSON.object(result.json).bytes(), as: UTF8.self)),
        ]
    }
}

/// Adds results from left to right.
private struct AdditionRun {
    private var operands: [ExecutionResult]
    private let isInPlace: Bool
    private let mutation: Fields?

    /// The vectors were written down after the run, and Python shares dicts: the operands hold what the run made of them.
    /// The left one already holds the sum's data, which adding again does not change. The last one is untouched by an
    /// addition, and only changed by `mutate_right` afterwards; so what it was is read from `operands_after`.
    init(_ vector: Vector) throws {
        let given = try Fields(vector.given, "given", allowing: ["operands", "inplace", "mutate_right"])
        operands = try given.list("operands").map { try ResultFields($0, "given.operands").make() }
        isInPlace = try given.optional("inplace", Fields.truth) ?? false
        mutation = try given.optional("mutate_right", Fields.value)
            .map { try Fields($0, "given.mutate_right", allowing: ["path", "value"]) }
        guard !operands.isEmpty else { throw SchemaError("given.operands is empty") }
        if mutation != nil, let last = vector.expect["operands_after"]?.array?.last {
            operands[operands.count - 1] = try ResultFields(last, "expect.operands_after").make()
        }
    }

    func outcome() throws -> JSON {
        var sum = operands[0]
        for operand in operands.dropFirst() {
            if isInPlace { sum += operand } else { sum = sum + operand }
        }
        var outcome: JSONObject = [
            "sum": .object(sum.json),
            "sum_is_left_operand": true,  // the left operand is a variable here: what it holds now is the sum
            "operands_after": .array(([sum] + operands.dropFirst()).map { .object($0.json) }),
            "str": .string(sum.description),
        ]
        if let mutation {
            var right = operands[operands.count - 1]
            var value = JSON.object(right.retval)
            try value.set(mutation.value("value"), at: mutation.texts("path")[...])
            right.retval = value.object ?? [:]
            outcome["sum_after_right_mutated"] = .object(sum.json)
        }
        return .object(outcome)
    }
}

extension JSON {
    fileprivate mutating func set(_ value: JSON, at path: ArraySlice<String>) throws {
        guard let key = path.first else {
            self = value
            return
        }
        guard case .object(var object) = self, var inner = object[key] else {
            throw SchemaError("there is no '\(key)' in \(self)")
        }
        try inner.set(value, at: path.dropFirst())
        object[key] = inner
        self = .object(object)
    }
}

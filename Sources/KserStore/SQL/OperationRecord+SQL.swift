import Kser

extension OperationRecord {
    /// What is written once.
    static let fixedColumns = [
        "uuid", "entrypoint", "params", "metadata", "plan", "compensates", "input", "time_limit", "created_at",
    ]
    /// What changes.
    static let columns = [
        "status", "ending", "step", "round", "result", "deadline", "started_at", "updated_at", "ended_at", "version",
    ]

    func fixedValues() throws(StoreError) -> [SQLValue] {
        [
            .text(uuid), .text(entrypoint), try SQLValue(params), try SQLValue(metadata), try SQLValue(plan),
            .integer(compensates ? 1 : 0), try SQLValue(input), SQLValue(timeLimit), .integer(createdAt),
        ]
    }

    func values() throws(StoreError) -> [SQLValue] {
        [
            SQLValue(status), SQLValue(ending), SQLValue(position), SQLValue(round), try SQLValue(result),
            SQLValue(deadline), SQLValue(startedAt), .integer(updatedAt), SQLValue(endedAt), SQLValue(version),
        ]
    }

    /// Reads the columns, fixed ones first.
    init(_ row: inout SQLRow, tasks: [TaskRecord]) throws(StoreError) {
        let uuid = try row.text()
        let entrypoint = try row.text()
        let params = try row.object()
        let metadata = try row.object()
        let plan = try row.object()
        let compensates = try row.integer() == 1
        let input = try row.optionalResult()
        let timeLimit = try row.optionalInteger()
        self.init(
            uuid: uuid,
            entrypoint: entrypoint,
            params: params,
            metadata: metadata,
            compensates: compensates,
            input: input,
            timeLimit: timeLimit,
            createdAt: try row.integer(),
            groups: Self.groups(plan),
            tasks: tasks
        )
        status = try row.status()
        ending = try row.optionalStatus()
        position = try row.int()
        round = try row.int()
        result = try row.optionalResult()
        deadline = try row.optionalInteger()
        startedAt = try row.optionalInteger()
        updatedAt = try row.integer()
        endedAt = try row.optionalInteger()
        version = try row.int()
    }

    /// The groups as an object, by step.
    private var plan: JSONObject {
        JSONObject(
            groups.sorted { $0.key < $1.key }.map { step, group in
                let fields: JSON = [
                    "uuid": .string(group.uuid), "limit": group.limit.map { .integer(Int64($0)) } ?? .null,
                    "finishes_all": .bool(group.finishesAll), "key": group.key.map { .string($0) } ?? .null,
                ]
                return (key: "\(step)", value: fields)
            }
        )
    }

    private static func groups(_ plan: JSONObject) -> [Int: Group] {
        var groups: [Int: Group] = [:]
        for (step, fields) in plan {
            guard let step = Int(step), let uuid = fields["uuid"]?.string else { continue }
            groups[step] = Group(
                uuid: uuid,
                limit: fields["limit"]?.int,
                finishesAll: fields["finishes_all"]?.bool == true,
                key: fields["key"]?.string
            )
        }
        return groups
    }
}

extension TaskRecord {
    static let fixedColumns = [
        "operation", "place", "step", "uuid", "entrypoint", "params", "metadata", "created_at",
    ]
    static let columns = [
        "status", "result", "attempts", "cause", "owner", "started_at", "updated_at", "ended_at",
    ]

    func fixedValues() throws(StoreError) -> [SQLValue] {
        [
            .text(operation), SQLValue(place), SQLValue(step), .text(uuid), .text(entrypoint), try SQLValue(params),
            try SQLValue(metadata), .integer(createdAt),
        ]
    }

    func values() throws(StoreError) -> [SQLValue] {
        [
            SQLValue(status), try SQLValue(result), SQLValue(attempts), SQLValue(cause), SQLValue(owner),
            SQLValue(startedAt), .integer(updatedAt), SQLValue(endedAt),
        ]
    }

    init(_ row: inout SQLRow) throws(StoreError) {
        let operation = try row.text()
        let place = try row.int()
        let step = try row.int()
        let uuid = try row.text()
        let entrypoint = try row.text()
        let params = try row.object()
        let metadata = try row.object()
        let createdAt = try row.integer()
        let status = try row.status()
        self.init(
            operation: operation,
            place: place,
            step: step,
            uuid: uuid,
            entrypoint: entrypoint,
            params: params,
            metadata: metadata,
            status: status,
            result: try row.result(),
            createdAt: createdAt
        )
        attempts = try row.int()
        cause = try row.optionalText()
        owner = try row.optionalText()
        startedAt = try row.optionalInteger()
        updatedAt = try row.integer()
        endedAt = try row.optionalInteger()
    }
}

extension OperationEvent {
    static let columns = ["operation", "version", "time", "round", "status", "task", "task_status"]

    var values: [SQLValue] {
        [
            .text(operation), SQLValue(version), .integer(time), SQLValue(round), SQLValue(status), SQLValue(task),
            SQLValue(taskStatus),
        ]
    }

    init(_ row: inout SQLRow) throws(StoreError) {
        self.init(
            operation: try row.text(),
            version: try row.int(),
            time: try row.integer(),
            round: try row.int(),
            status: try row.status(),
            task: try row.optionalText(),
            taskStatus: try row.optionalStatus()
        )
    }
}

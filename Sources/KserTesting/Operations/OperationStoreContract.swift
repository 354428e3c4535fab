public import Kser

/// What every operation store has to do.
///
///     @Test(arguments: OperationStoreContract { try await MyStore() }.checks)
///     func contract(_ check: ContractCheck) async throws { try await check.run() }
public struct OperationStoreContract: Sendable {
    private let makeStore: @Sendable () async throws -> any OperationStore

    /// Makes the contract.
    ///
    /// - Parameter makeStore: makes an empty store; each check takes one of its own.
    public init(makeStore: @escaping @Sendable () async throws -> any OperationStore) {
        self.makeStore = makeStore
    }

    /// All checks.
    public var checks: [ContractCheck] { keeping + comparing + listing }

    func check(
        _ name: String,
        _ body: @escaping @Sendable (any OperationStore) async throws -> Void
    ) -> ContractCheck {
        ContractCheck(name) { [makeStore] in try await body(try await makeStore()) }
    }

    /// An operation of these many tasks, with text, numbers and gaps of all kinds in it.
    func makeOperation(
        _ uuid: String,
        entrypoint: String = "contract.Operation",
        tasks: Int = 2,
        createdAt: Int64 = 1_700_000_000_000
    ) -> OperationRecord {
        OperationRecord(
            uuid: uuid,
            entrypoint: entrypoint,
            params: [
                "text": "Zürich \u{1F3B2} 'quoted' \"\\ \n\u{0}", "null": nil, "float": 1.0, "list": [1, [], [:]],
                "large": .unsigned(.max), "huge": .bigInteger("123456789012345678901234567890"),
            ],
            metadata: ["e\u{301}": 1, "\u{e9}": 2],
            createdAt: createdAt,
            tasks: (0..<tasks).map { place in
                TaskRecord(
                    operation: uuid,
                    place: place,
                    step: place,
                    uuid: "\(uuid)-\(place)",
                    entrypoint: "contract.Task\(place)",
                    params: ["place": .integer(Int64(place))],
                    result: ExecutionResult(uuid: "\(uuid)-\(place)", stdout: "begin"),
                    createdAt: createdAt
                )
            }
        )
    }

    /// The next version of an operation.
    func next(_ operation: OperationRecord, _ change: (inout OperationRecord) -> Void = { _ in }) -> OperationRecord {
        var next = operation
        next.version += 1
        next.updatedAt += 1
        change(&next)
        return next
    }

    /// Demands that the store throws this error.
    func expect(
        _ code: StoreError.Code,
        naming text: String? = nil,
        _ demand: String,
        line: UInt = #line,
        _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as StoreError where error.code == code {
            let isNamed = text.map { "\(error)".contains($0) } ?? true
            return try KserTesting.expect(isNamed, "\(demand): the error names \(text ?? ""): \(error)", line: line)
        }
        try KserTesting.expect(false, "\(demand): the store throws \(code)", line: line)
    }
}

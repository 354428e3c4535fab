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
    public var checks: [ContractCheck] { keeping + comparing + claiming + listing }

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

    /// Changes an operation in a store at 1 s, and gives what it has to be then.
    func change(
        _ uuid: String,
        in store: any OperationStore,
        _ body: @escaping @Sendable (inout OperationDraft) throws(StoreError) -> Void
    ) async throws -> OperationRecord {
        guard var record = try await store.operation(uuid) else { throw StoreError(.notFound, "none", uuid: uuid) }
        let change = try await store.change(uuid, at: 1_000) { draft throws(StoreError) in
            try body(&draft)
            return draft.change
        }
        if let change = change ?? nil { record.apply(change) }
        return record
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

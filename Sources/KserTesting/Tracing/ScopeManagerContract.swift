public import OpenTracing

/// What every scope manager has to do: the checks of the reference's `scope_check`, and those of the closure forms.
///
///     @Test(arguments: ScopeManagerContract { TaskLocalScopeManager() }.checks)
///     func contract(_ check: ContractCheck) async throws { try await check.run() }
public struct ScopeManagerContract: Sendable {
    /// Runs a check where the manager is to be used, such as in a task.
    public typealias Runner = @Sendable (_ check: @escaping @Sendable () async throws -> Void) async throws -> Void

    private let makeManager: @Sendable () -> any ScopeManager
    private let runner: Runner

    /// Makes the contract.
    ///
    /// - Parameters:
    ///   - runner: runs a check where the manager is to be used; it is to return when the check has ended.
    ///   - makeManager: makes a manager; each check takes one of its own.
    public init(
        runner: @escaping Runner = { check in try await check() },
        makeManager: @escaping @Sendable () -> any ScopeManager
    ) {
        self.runner = runner
        self.makeManager = makeManager
    }

    /// All checks.
    public var checks: [ContractCheck] {
        [missingActiveExternal] + imperative + structured
    }

    func check(
        _ name: String,
        _ body: @escaping @Sendable (_ manager: any ScopeManager) async throws -> Void
    ) -> ContractCheck {
        ContractCheck(name) { [runner, makeManager] in
            let manager = makeManager()
            try await runner { try await body(manager) }
        }
    }

    private var missingActiveExternal: ContractCheck {
        ContractCheck("missing_active_external") { [makeManager] in
            try expect(makeManager().active, is: nil, "nothing is active at first")
        }
    }
}

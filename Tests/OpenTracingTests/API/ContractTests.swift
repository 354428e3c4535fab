import KserTesting
import OpenTracing
import OpenTracingMock
import Synchronization
import Testing

/// The reusable suites, on the implementations that are here.
@Suite(.timeLimit(.minutes(1)))
struct ContractTests {
    static let managers: [String: ScopeManagerContract] = [
        "in the test's task": ScopeManagerContract { TaskLocalScopeManager() },
        "in a detached task": ScopeManagerContract { check in
            try await Task.detached { try await check() }.value
        } makeManager: {
            TaskLocalScopeManager()
        },
        "on the main actor": ScopeManagerContract { check in
            try await Task { @MainActor in try await check() }.value
        } makeManager: {
            TaskLocalScopeManager()
        },
    ]

    @Test(arguments: managers.keys.sorted(), managers.values.first.map { $0.checks.map(\.name) } ?? [])
    func taskLocalScopeManager(_ place: String, _ name: String) async throws {
        let checks = try #require(Self.managers[place]?.checks)
        try await #require(checks.first { $0.name == name }).run()
    }

    @Test(arguments: TracerContract.mock.checks)
    func mockTracer(_ check: ContractCheck) async throws { try await check.run() }

    @Test(arguments: TracerContract.noop(checking: false).checks)
    func noopTracer(_ check: ContractCheck) async throws { try await check.run() }

    /// The suites are worth something: they fail on what does nothing.
    @Test func theSuitesFailOnNoops() async {
        let vacuous = ["start_active_span_ignore_active_span", "start_span_propagation_ignore_active_span"]
        let mattering = [
            "active_span", "start_active_span_parent", "start_active_span_finish_on_close",
            "start_active_span_default_finish_on_close", "start_span_propagation", "start_span_scope", "span_baggage",
            "context_baggage",
        ]
        let failures = await failures(of: TracerContract.noop(checking: true).checks)
        #expect(failures.isSuperset(of: mattering) && failures.isDisjoint(with: vacuous), "\(failures)")

        let checks = ScopeManagerContract { NoopScopeManager.shared }.checks
        #expect(await self.failures(of: checks) == Set(checks.map(\.name)))
    }

    private func failures(of checks: [ContractCheck]) async -> Set<String> {
        var failures: Set<String> = []
        for check in checks {
            do { try await check.run() } catch { failures.insert(check.name) }
        }
        return failures
    }
}

extension TracerContract {
    static let mock = TracerContract(
        isParent: { parent, span in
            (span as? MockSpan)?.parentID == (parent as? MockSpan)?.mockContext.spanID
        },
        finishCount: { span in (span.tracer as? MockTracer)?.finishedSpans().count { $0 === span } ?? -1 },
        makeTracer: { MockTracer() }
    )

    static func noop(checking: Bool) -> TracerContract {
        var contract = TracerContract(
            isParent: { _, _ in false },
            finishCount: { _ in 0 },
            makeTracer: { NoopTracer() }
        )
        contract.checksBaggage = checking
        contract.checksScopes = checking
        return contract
    }
}

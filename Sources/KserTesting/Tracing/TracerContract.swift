public import OpenTracing

/// What every tracer has to do: the 25 checks of the reference's `api_check`.
///
///     let contract = TracerContract(
///         isParent: { … },
///         finishCount: { … }
///     ) { MyTracer() }
///
///     @Test(arguments: contract.checks)
///     func contract(_ check: ContractCheck) async throws { try await check.run() }
public struct TracerContract: Sendable {
    /// Whether baggage has to be kept; a tracer that does nothing keeps none.
    public var checksBaggage = true
    /// Whether the active span has to be kept; a tracer that does nothing keeps none.
    public var checksScopes = true

    let isParent: @Sendable (_ parent: (any Span)?, _ span: any Span) -> Bool
    let finishCount: @Sendable (_ span: any Span) -> Int
    let makeTracer: @Sendable () -> any Tracer

    /// Makes the contract.
    ///
    /// - Parameters:
    ///   - isParent: whether a span is a child of another; with nil for the parent, whether it has none.
    ///   - finishCount: how often a span was finished.
    ///   - makeTracer: makes a tracer; each check takes one of its own.
    public init(
        isParent: @escaping @Sendable (_ parent: (any Span)?, _ span: any Span) -> Bool,
        finishCount: @escaping @Sendable (_ span: any Span) -> Int,
        makeTracer: @escaping @Sendable () -> any Tracer
    ) {
        self.isParent = isParent
        self.finishCount = finishCount
        self.makeTracer = makeTracer
    }

    /// All checks.
    public var checks: [ContractCheck] { scopes + spans + values + propagation }

    func check(
        _ name: String,
        _ body: @escaping @Sendable (_ tracer: any Tracer) async throws -> Void
    ) -> ContractCheck {
        ContractCheck(name) { [makeTracer] in try await body(makeTracer()) }
    }

    /// Demands that a span is a child of another, or has no parent.
    func expect(_ span: any Span, isChildOf parent: (any Span)?, line: UInt = #line) throws(ContractViolation) {
        guard checksScopes else { return }
        try KserTesting.expect(isParent(parent, span), "the parent of the span is wrong", line: line)
    }

    /// Demands something of the active span.
    func expectScope(_ condition: @autoclosure () -> Bool, line: UInt = #line) throws(ContractViolation) {
        guard checksScopes else { return }
        try KserTesting.expect(condition(), "the active span is wrong", line: line)
    }

    /// Demands how often a span was finished.
    func expect(_ span: any Span, finished count: Int, line: UInt = #line) throws(ContractViolation) {
        guard checksScopes else { return }
        let actual = finishCount(span)
        try KserTesting.expect(actual == count, "the span was finished \(actual) times, not \(count)", line: line)
    }
}

extension Entrypoint {
    /// What kser's constructor does: `postInit`, whose failure is merged into the result and handed to `onError`.
    ///
    /// - Throws: what `onError` throws.
    @inlinable @inline(__always)
    package func begin(_ execution: Execution, under observer: some StepObserver = Unobserved()) async throws {
        do {
            try await postInit(execution)
        } catch {
            _ = try await fail(error, in: execution, under: observer)
        }
    }

    /// Runs all steps; an error goes to `onError` (kser: `execute`).
    ///
    /// - Throws: what `onError` throws.
    @inlinable @inline(__always)
    package func perform(
        _ execution: Execution,
        initial: Boxed<ExecutionResult>? = nil,
        under observer: some StepObserver = Unobserved()
    ) async throws -> ExecutionResult {
        do {
            return try await throwingPerform(execution, initial: initial, under: observer)
        } catch {
            return try await fail(error, in: execution, under: observer)
        }
    }

    /// Runs all steps; an error is thrown (kser: `unsafe_execute`).
    @inlinable @inline(__always)
    package func throwingPerform(
        _ execution: Execution,
        initial: Boxed<ExecutionResult>? = nil,
        under observer: some StepObserver = Unobserved()
    ) async throws -> ExecutionResult {
        if let initial { execution.begin(after: initial) }
        let parameters = try await observer.observe(.entrypoint(.preRun), of: execution) {
            try await prepare(execution)
        }
        let ran = try await observer.observe(.entrypoint(.run), of: execution) {
            execution.noteRun()
            return try await limitedRun(parameters, in: execution)
        }
        return try await conclude(ran, in: execution, under: observer)
    }

    // Not inlined, as the next one is: what has results has room for them in its frame, from its begin to its end.
    @inlinable @inline(never)
    func conclude(
        _ ran: ExecutionResult,
        in execution: Execution,
        under observer: some StepObserver
    ) async throws -> ExecutionResult {
        let result = try await observer.observe(.entrypoint(.postRun), of: execution) {
            execution.logStep("PostRun")
            return try await postRun(ran, in: execution)
        }
        let merged = execution.merge(result)
        return try await observer.observe(.entrypoint(.onSuccess), of: execution) {
            execution.logOutcome(.info, "Success", merged)
            return try await onSuccess(merged, in: execution)
        }
    }

    @inlinable
    @inline(__always)
    func prepare(_ execution: Execution) async throws -> Parameters {
        execution.logStep("PreRun")
        try await checkRequiredParameters(in: execution)
        let parameters = try execution.params.parameters(Parameters.self, in: execution)
        let revision = execution.paramsRevision
        try await preRun(in: execution)
        if execution.paramsRevision == revision { return parameters }
        return try execution.params.parameters(Parameters.self, in: execution)
    }

    @inlinable @inline(__always)
    func limitedRun(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
        guard let timeLimit else { return try await run(parameters, in: execution) }
        return try await execution.limited(to: timeLimit) { try await run(parameters, in: execution) }
    }

    @inlinable @inline(never)
    func fail(
        _ error: any Error,
        in execution: Execution,
        under observer: some StepObserver
    ) async throws -> ExecutionResult {
        observer.observe(error, in: execution)
        let merged = execution.merge(.from(error, uuid: execution.uuid))
        return try await observer.observe(.entrypoint(.onError), of: execution) {
            execution.logOutcome(.error, "Failed", merged)
            return try await onError(merged, in: execution)
        }
    }
}

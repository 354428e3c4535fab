import Kser

extension Worker {
    /// Runs the worker while the body does something, then shuts it down and waits for its end. A body that throws cancels it.
    func whileRunning(_ body: () async throws -> Void) async throws {
        let running = Task { try await run() }
        do {
            try await body()
        } catch {
            running.cancel()
            throw error
        }
        await shutdown()
        try await running.value
    }
}

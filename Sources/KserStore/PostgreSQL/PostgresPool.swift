package import Kser
import Synchronization

/// A connection that is made when it is needed, used on a queue of its own.
actor PostgresSession {
    private let executor = BlockingExecutor("kser.store.postgresql")
    private let address: PostgresAddress
    private let statementTimeout: Duration
    private var connection: PostgresConnection?
    private var isClosed = false

    init(_ address: PostgresAddress, statementTimeout: Duration) {
        self.address = address
        self.statementTimeout = statementTimeout
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func run<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        // Whoever waited for the session comes here after it was closed.
        if isClosed { throw StoreError(.closed, "The store is closed", store: address.description) }
        if connection?.isAlive == false { connection = nil }
        let connection =
            if let connection { connection } else {
                try PostgresConnection(address, statementTimeout: statementTimeout, executor)
            }
        self.connection = connection
        defer { if !connection.isUsable { self.connection = nil } }
        return try body(connection)
    }

    func close() {
        isClosed = true
        connection = nil
    }
}

/// Some sessions, each lent to one caller at a time.
package final class PostgresPool: Sendable {
    private struct State {
        var idle: [PostgresSession]
        var waiting: [CheckedContinuation<PostgresSession, Never>] = []
    }

    private let sessions: [PostgresSession]
    private let state: Mutex<State>

    init(_ address: PostgresAddress, size: Int, statementTimeout: Duration = .seconds(15)) {
        let sessions = (0..<max(1, size)).map { _ in PostgresSession(address, statementTimeout: statementTimeout) }
        self.sessions = sessions
        state = Mutex(State(idle: sessions))
    }

    /// How many calls wait for a session.
    package var waiting: Int { state.withLock { $0.waiting.count } }

    /// Runs a body with a connection; it waits for one when all are in use.
    package func run<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let session = await take()
        defer { giveBack(session) }
        return try await session.run(body)
    }

    func close() async {
        for session in sessions { await session.close() }
    }

    private func take() async -> PostgresSession {
        await withCheckedContinuation { waiter in
            let session = state.withLock { state -> PostgresSession? in
                if let session = state.idle.popLast() { return session }
                state.waiting.append(waiter)
                return nil
            }
            if let session { waiter.resume(returning: session) }
        }
    }

    private func giveBack(_ session: PostgresSession) {
        let waiter = state.withLock { state -> CheckedContinuation<PostgresSession, Never>? in
            if state.waiting.isEmpty {
                state.idle.append(session)
                return nil
            }
            return state.waiting.removeFirst()
        }
        waiter?.resume(returning: session)
    }
}

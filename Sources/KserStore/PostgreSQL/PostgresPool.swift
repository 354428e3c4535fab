package import Kser
import Synchronization

/// A connection that is made when it is needed, used on a queue of its own.
actor PostgresSession {
    private let executor = BlockingExecutor("kser.store.postgresql")
    private let address: PostgresAddress
    private var connection: PostgresConnection?

    init(_ address: PostgresAddress) { self.address = address }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func run<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        if connection?.isAlive == false { connection = nil }
        let connection = if let connection { connection } else { try PostgresConnection(address, executor) }
        self.connection = connection
        defer { if !connection.isUsable { self.connection = nil } }
        return try body(connection)
    }

    func close() { connection = nil }
}

/// Some sessions, each lent to one caller at a time.
package final class PostgresPool: Sendable {
    private struct State {
        var idle: [PostgresSession]
        var waiting: [CheckedContinuation<PostgresSession, Never>] = []
        var isClosed = false
    }

    private let address: PostgresAddress
    private let sessions: [PostgresSession]
    private let state: Mutex<State>

    init(_ address: PostgresAddress, size: Int) {
        self.address = address
        let sessions = (0..<max(1, size)).map { _ in PostgresSession(address) }
        self.sessions = sessions
        state = Mutex(State(idle: sessions))
    }

    /// Runs a body with a connection; it waits for one when all are in use.
    package func run<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        if state.withLock({ $0.isClosed }) {
            throw StoreError(.closed, "The store is closed", store: address.description)
        }
        let session = await take()
        defer { giveBack(session) }
        return try await session.run(body)
    }

    func close() async {
        state.withLock { $0.isClosed = true }
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

import Foundation
package import Kser
import Synchronization

/// A SQLite file, used on a queue of its own: calls block there, and one comes after the other.
package actor SQLiteDatabase {
    private let executor: BlockingExecutor
    private let path: String
    private var connection: SQLiteConnection?
    private let writes = Mutex<[SQLiteWrite]>([])
    /// How many writes are likely to come together: those that did last time, and those that came meanwhile.
    private var expectedCount = 1
    /// How long the last ones took.
    private var lastDuration = Duration.zero

    init(path: String) {
        self.path = path
        executor = BlockingExecutor("kser.store.sqlite")
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens the file.
    ///
    /// - Parameters:
    ///   - options: how it is written.
    ///   - prepare: makes the tables.
    /// - Throws: ``/Kser/StoreError``, what `prepare` throws too.
    func open(
        _ options: SQLiteOptions,
        prepare: @Sendable (SQLiteConnection) throws(StoreError) -> Void
    ) throws(StoreError) {
        let connection = try SQLiteConnection(path, options, executor)
        try prepare(connection)
        self.connection = connection
    }

    func close() { connection = nil }

    package func run<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try body(try opened())
    }

    /// Runs a body that writes. Those that come while the disk is busy share a transaction, and so wait for it once; each
    /// is done or undone by itself all the same.
    nonisolated func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let outcome = Outcome<Value>()
        writes.withLock { $0.append(outcome.write(body)) }
        await flush()
        return try outcome.value(else: StoreError(.failed, "The change was not made", store: path))
    }

    private func opened() throws(StoreError) -> SQLiteConnection {
        guard let connection else { throw StoreError(.closed, "The store is closed", store: path) }
        return connection
    }

    /// Does what waits to be written; nothing when an earlier call took it along.
    private func flush() {
        gather()
        let writes = writes.withLock { writes in
            defer { writes = [] }
            return writes
        }
        if writes.isEmpty { return }
        let start = ContinuousClock.now
        defer {
            lastDuration = start.duration(to: .now)
            expectedCount = writes.count + self.writes.withLock { $0.count }
        }
        do throws(StoreError) {
            let connection = try opened()
            if writes.count > 1, connection.doTogether(writes) { return }
            for write in writes { write.perform(connection) }
        } catch {
            for write in writes { write.fail(error) }
        }
    }
}

extension SQLiteDatabase {
    /// Waits until as many writes have come as are expected, for a quarter of the time at most that the last ones took: it
    /// costs less than waiting for the disk once more. Otherwise two halves of the writers would go on in turns.
    private func gather() {
        let start = ContinuousClock.now
        while true {
            let count = writes.withLock { $0.count }
            guard count > 0, count < expectedCount, start.duration(to: .now) < lastDuration / 4 else { return }
            usleep(50)
        }
    }
}

/// Something to be written, for whoever waits for it.
struct SQLiteWrite: Sendable {
    /// Does it, and keeps how it went.
    let perform: @Sendable (SQLiteConnection) -> Void
    /// Keeps that it cannot be done.
    let fail: @Sendable (StoreError) -> Void
}

/// How something went that was to be written.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, StoreError>?>(nil)

    func write(_ body: @escaping @Sendable (any SQLConnection) throws(StoreError) -> Value) -> SQLiteWrite {
        SQLiteWrite(
            perform: { connection in
                let result: Result<Value, StoreError>
                do throws(StoreError) { result = .success(try body(connection)) } catch { result = .failure(error) }
                self.result.withLock { $0 = result }
            },
            fail: { error in self.result.withLock { $0 = .failure(error) } }
        )
    }

    func value(else error: StoreError) throws(StoreError) -> Value {
        guard let result = result.withLock({ $0 }) else { throw error }
        return try result.get()
    }
}

extension SQLiteConnection {
    /// Does writes in one transaction.
    ///
    /// - Returns: false when that was undone as a whole; then each may be tried by itself.
    fileprivate func doTogether(_ writes: [SQLiteWrite]) -> Bool {
        do throws(StoreError) {
            try transaction { () throws(StoreError) in
                for write in writes {
                    write.perform(self)
                    if !isInTransaction { throw StoreError(.failed, "SQLite has rolled back", store: name) }
                }
            }
            return true
        } catch {
            return false
        }
    }
}

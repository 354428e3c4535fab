package import Kser

/// A SQLite file, used on a queue of its own: calls block there, and one comes after the other.
package actor SQLiteDatabase {
    private let executor: BlockingExecutor
    private let path: String
    private var connection: SQLiteConnection?

    init(path: String) {
        self.path = path
        executor = BlockingExecutor("kser.store.sqlite")
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func open(_ options: SQLiteOptions) throws(StoreError) {
        let connection = try SQLiteConnection(path, options, executor)
        try connection.migrate()
        self.connection = connection
    }

    func close() { connection = nil }

    package func run<Value: Sendable>(
        _ body: @Sendable (any SQLConnection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard let connection else { throw StoreError(.closed, "The store is closed", store: path) }
        return try body(connection)
    }
}

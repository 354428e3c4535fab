package import Kser

/// A value of a column or a parameter.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)

    init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }
    init(_ number: Int) { self = .integer(Int64(number)) }
    init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    init(_ status: TaskStatus?) { self.init(status?.rawValue) }
}

/// What both databases understand: one connection, used by one caller at a time. Calls block.
package protocol SQLConnection {
    /// The store in error texts.
    var name: String { get }

    /// Runs a body as one: it is done as a whole, and what it throws undoes all of it.
    func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value

    /// Runs one statement. Its parameters are `$1`, `$2`, … in the order of their first use.
    ///
    /// - Returns: the rows it gives.
    func query(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [[SQLValue]]

    /// Whether there is a table of this name.
    func hasTable(_ name: String) throws(StoreError) -> Bool

    /// The time of the database in milliseconds since 1970, as an expression; `NULL` where it is that of the machine.
    var clock: String { get }

    /// What keeps rows that are read from others until the end of the transaction.
    var rowLock: String { get }

    /// What passes over rows that others have so, rather than wait.
    var passingLocked: String { get }

    /// Writes a change of an operation, inside a transaction that has locked it.
    func write(_ change: OperationChange) throws(StoreError)

    /// Keeps other processes from changing tables, up to the end of the transaction.
    func lockSchema() throws(StoreError)
}

extension SQLConnection {
    package func query(_ sql: String) throws(StoreError) -> [[SQLValue]] { try query(sql, []) }

    /// Runs a body between two statements; a third one undoes it.
    func bracket<Value>(
        _ begin: String,
        _ end: String,
        _ undo: String,
        _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        _ = try query(begin)
        do {
            let value = try body()
            _ = try query(end)
            return value
        } catch {
            // Fails where the database has undone it by itself, or is gone.
            _ = try? query(undo)
            throw error
        }
    }

    func corrupt(_ what: String) -> StoreError {
        StoreError(.corrupt, "The store holds \(what) that cannot be read", store: name)
    }
}

/// Parameters of a statement that is put together.
struct SQLParameters {
    private(set) var values: [SQLValue] = []

    /// Takes a value, and gives the parameter that stands for it.
    mutating func add(_ value: SQLValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    /// Takes values, and gives their parameters with commas between.
    mutating func add(_ row: [SQLValue]) -> String { row.map { add($0) }.joined(separator: ", ") }
}

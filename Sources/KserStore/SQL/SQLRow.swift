import Kser

/// The columns of a row, taken from left to right.
struct SQLRow {
    private var values: ArraySlice<SQLValue>
    private let store: String

    init(_ values: some Sequence<SQLValue>, store: String) {
        self.values = Array(values)[...]
        self.store = store
    }

    mutating func text() throws(StoreError) -> String {
        guard let text = try optionalText() else { throw unreadable("no text") }
        return text
    }

    mutating func optionalText() throws(StoreError) -> String? {
        switch values.popFirst() {
        case .text(let text): return text
        case .null: return nil
        default: throw unreadable("no text")
        }
    }

    mutating func integer() throws(StoreError) -> Int64 {
        guard let number = try optionalInteger() else { throw unreadable("no integer") }
        return number
    }

    mutating func optionalInteger() throws(StoreError) -> Int64? {
        switch values.popFirst() {
        case .integer(let number): return number
        case .null: return nil
        default: throw unreadable("no integer")
        }
    }

    mutating func int() throws(StoreError) -> Int { Int(try integer()) }

    /// A number of things, or the place of one.
    mutating func count(atMost limit: Int = .max) throws(StoreError) -> Int {
        let number = try int()
        if number < 0 || number > limit { throw unreadable("a number out of range") }
        return number
    }

    mutating func optionalCount() throws(StoreError) -> Int? {
        guard let number = try optionalInteger() else { return nil }
        if number < 1 || number > 1 << 32 { throw unreadable("a number out of range") }
        return Int(number)
    }

    mutating func status() throws(StoreError) -> TaskStatus { TaskStatus(rawValue: try text()) }

    mutating func optionalStatus() throws(StoreError) -> TaskStatus? {
        try optionalText().map { TaskStatus(rawValue: $0) }
    }

    mutating func object() throws(StoreError) -> JSONObject {
        guard let object = try optionalObject() else { throw unreadable("no JSON object") }
        return object
    }

    mutating func optionalObject() throws(StoreError) -> JSONObject? {
        guard let json = try optionalJSON() else { return nil }
        guard case .object(let object) = json else { throw unreadable("no JSON object") }
        return object
    }

    mutating func optionalJSON() throws(StoreError) -> JSON? {
        guard let text = try optionalText() else { return nil }
        // What was written here may be deeper than what comes from strangers.
        guard let json = try? JSON(parsing: text, maximumDepth: JSON.maximumDepth) else { throw unreadable("no JSON") }
        return json
    }

    mutating func result() throws(StoreError) -> ExecutionResult {
        guard let result = try optionalResult() else { throw unreadable("no result") }
        return result
    }

    mutating func optionalResult() throws(StoreError) -> ExecutionResult? {
        guard let text = try optionalText() else { return nil }
        do { return try ExecutionResult(parsing: text) } catch { throw unreadable("no result") }
    }

    private func unreadable(_ what: String) -> StoreError {
        StoreError(.corrupt, "A column of the store holds \(what), where there has to be some", store: store)
    }
}

extension SQLValue {
    /// The object as JSON text.
    init(_ object: JSONObject) throws(StoreError) { try self.init(json: .object(object)) }

    /// JSON as text.
    init(json: JSON) throws(StoreError) {
        do {
            self = .text(String(decoding: try json.bytes(), as: UTF8.self))
        } catch {
            throw StoreError(.failed, "What is no JSON cannot be stored: \(error)")
        }
    }

    /// The result as JSON text.
    init(_ result: ExecutionResult?) throws(StoreError) {
        guard let result else {
            self = .null
            return
        }
        try self.init(result.json)
    }
}

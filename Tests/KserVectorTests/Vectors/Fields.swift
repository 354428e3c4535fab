import Kser

/// An object of the schema, read strictly: a key that is not allowed, absent or of another type is an error.
struct Fields {
    let object: JSONObject
    let place: String

    init(_ json: JSON, _ place: String, allowing allowed: [String]) throws {
        guard case .object(let object) = json else { throw SchemaError("\(place) is not an object: \(json)") }
        try self.init(object, place, allowing: allowed)
    }

    init(_ object: JSONObject, _ place: String, allowing allowed: [String]) throws {
        for key in object.keys where !allowed.contains(key) {
            throw SchemaError("\(place) has the unknown element '\(key)': \(object)")
        }
        self.object = object
        self.place = place
    }

    func has(_ key: String) -> Bool { object.contains(key) }

    func value(_ key: String) throws -> JSON {
        guard let value = object[key] else { throw SchemaError("\(place) has no '\(key)': \(object)") }
        return value
    }

    func text(_ key: String) throws -> String { try typed(key, "text") { $0.string } }
    func integer(_ key: String) throws -> Int { try typed(key, "an integer") { $0.int } }
    func truth(_ key: String) throws -> Bool { try typed(key, "true or false") { $0.bool } }
    func list(_ key: String) throws -> [JSON] { try typed(key, "a list") { $0.array } }
    func object(_ key: String) throws -> JSONObject { try typed(key, "an object") { $0.object } }
    func texts(_ key: String) throws -> [String] {
        try list(key).map { element in
            guard let text = element.string else { throw SchemaError("\(place).\(key) holds \(element), not text") }
            return text
        }
    }

    func choice<Choice: RawRepresentable<String>>(_ key: String) throws -> Choice {
        guard let choice = Choice(rawValue: try text(key)) else {
            throw SchemaError("\(place).\(key) is the unknown '\(try text(key))'")
        }
        return choice
    }

    /// What `read` gives for a key that is there; nil without the key.
    func optional<Value>(_ key: String, _ read: (Fields) -> (String) throws -> Value) throws -> Value? {
        has(key) ? try read(self)(key) : nil
    }

    private func typed<Value>(_ key: String, _ name: String, _ read: (JSON) -> Value?) throws -> Value {
        let value = try value(key)
        guard let typed = read(value) else { throw SchemaError("\(place).\(key) is not \(name): \(value)") }
        return typed
    }
}

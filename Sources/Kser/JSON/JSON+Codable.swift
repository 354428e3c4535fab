import Foundation

extension JSON: Codable {
    /// Takes any value; kser's own decoder leaves objects undecoded.
    public init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: IndexKey.self) {
            self = .object(
                JSONObject(try keyed.allKeys.map { ($0.stringValue, try keyed.decode(JSON.self, forKey: $0)) })
            )
        } else if var unkeyed = try? decoder.unkeyedContainer() {
            var elements: [JSON] = []
            while !unkeyed.isAtEnd { elements.append(try unkeyed.decode(JSON.self)) }
            self = .array(elements)
        } else {
            try self.init(plain: decoder.singleValueContainer())
        }
    }

    private init(plain container: any SingleValueDecodingContainer) throws {
        if container.decodeNil() {
            self = .null
        } else if let truth = try? container.decode(Bool.self) {
            self = .bool(truth)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? container.decode(UInt64.self) {
            self = .unsigned(number)
        } else if let number = try? container.decode(Double.self) {
            self = .double(number)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    /// Gives the value to any encoder. An integer beyond 64 bits goes as a `Decimal`, which keeps 38 digits.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let truth): try container.encode(truth)
        case .integer(let number): try container.encode(number)
        case .unsigned(let number): try container.encode(number)
        case .bigInteger(let digits):
            try container.encode(Decimal(string: digits, locale: nil) ?? .nan)
        case .double(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let object): try container.encode(object)
        }
    }
}

extension JSONObject: Codable {
    /// Takes an object; kser's own decoder leaves it undecoded.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: IndexKey.self)
        self.init(
            try container.allKeys.map { (key: $0.stringValue, value: try container.decode(JSON.self, forKey: $0)) }
        )
    }

    /// Gives the object to any encoder.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: IndexKey.self)
        for (key, value) in self { try container.encode(value, forKey: IndexKey(name: key)) }
    }
}

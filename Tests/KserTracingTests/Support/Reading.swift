import Kser
import OpenTracing

extension Record {
    /// The headers as text.
    var text: [String: String] {
        Dictionary(headers.map { ($0.name, String(decoding: $0.value ?? [], as: UTF8.self)) }) { $1 }
    }
}

extension Fields {
    var dictionary: [String: JSON] {
        Dictionary(map { ($0.key, $0.value.json ?? .null) }) { $1 }
    }
}

extension JSON {
    var unsigned: UInt64? {
        switch self {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        default: nil
        }
    }
}

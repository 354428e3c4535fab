public struct JSONMessageCodec: MessageCodec {
    public init() {}
    public func encode(_ message: Message) throws -> [UInt8] { [] }
    public func decode(_ bytes: [UInt8]) throws -> Message { throw KserError.internal() }
}
extension JSON: CustomStringConvertible { public var description: String { "" } }
extension JSONObject {
    public func decode<T: Decodable>(_: T.Type) throws -> T { throw KserError.internal() }
}
extension JSONObject: Codable {
    public init(from decoder: any Decoder) throws { self.init() }
    public func encode(to encoder: any Encoder) throws {}
}

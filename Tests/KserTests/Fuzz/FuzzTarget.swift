import Foundation

@testable import Kser

/// What has to hold of any bytes. `make fuzz` looks for bytes of which it does not; the tests try what it found before.
enum FuzzTarget: String, CaseIterable, Sendable {
    case parser, decoder, message, path

    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    func check(_ bytes: [UInt8]) throws {
        switch self {
        case .parser: try Self.checkParser(bytes)
        case .decoder: try Self.checkDecoder(bytes)
        case .message: try Self.checkMessage(bytes)
        case .path: try Self.checkPath(bytes)
        }
    }

    private static func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw Disagreement(description: what()) }
    }

    /// Both parsers take the same texts, and what is written is read as it was.
    private static func checkParser(_ bytes: [UInt8]) throws {
        let fast = JSONDocument.parse(bytes)
        let slow = try? JSONText.withStandIns(bytes)
        try require((fast != nil) == (slow == bytes), "simdjson \(fast != nil), check \(slow != nil)")
        if let slow { try require(JSONDocument.parse(slow) != nil, "stand-ins are not read") }
        guard let value = try? JSON(parsing: bytes) else { return }
        let again = try JSON(parsing: value.bytes())
        try require(again == value, "\(again) is not \(value)")
        try require(again.hashValue == value.hashValue, "hashes of \(value)")
        try require(JSON(parsing: again.bytes()).description == value.description, "not stable: \(value)")
    }

    /// What both decode, Foundation decodes to the same.
    private static func checkDecoder(_ bytes: [UInt8]) throws {
        let text = Array(#"{"v":"#.utf8) + bytes + Array("}".utf8)
        guard (try? JSON(parsing: bytes)) != nil, let value = try? JSON(parsing: text) else { return }
        func same<T: Decodable & Equatable>(_ type: T.Type, alsoRefused: Bool = false) throws {
            let ours = Result { try value.decode(Wrapped<T>.self).v }
            let theirs = Result { try JSONDecoder().decode(type, from: Data(bytes)) }
            switch (ours, theirs) {
            case (.success(let ours), .success(let theirs)):
                try require(ours == theirs, "\(type): \(ours), Foundation \(theirs)")
            case (.failure, .success(let theirs)):
                try require(!alsoRefused, "\(type): Foundation \(theirs)")
            case (.success, .failure), (.failure, .failure): break
            }
        }
        try same(Bool.self, alsoRefused: true)
        try same(String.self, alsoRefused: true)
        try same([String].self, alsoRefused: true)
        try same(Double.self, alsoRefused: true)
        try same([Double].self, alsoRefused: true)
        try same(Decimal.self)
        try same(Int.self)
        try same([Int].self)
        try same(UInt8.self)
        try same(Int128.self)
        try same([[Int?]].self)
        try same(URL.self)
        try same(Data.self)
    }

    private struct Wrapped<T: Decodable>: Decodable { var v: T }

    /// The short way to a message and the long one agree, and what is sent on is the same message.
    private static func checkMessage(_ bytes: [UInt8]) throws {
        let codec = JSONMessageCodec()
        guard let document = try? JSONDocument.read(bytes) else {
            return try require((try? codec.decode(bytes)) == nil, "a message of what is not JSON")
        }
        let long = try? Message(json: JSONNode(document: document, element: document.root).json)
        let short = try? codec.decode(bytes)
        try require((long != nil) == (short != nil), "one takes it, the other does not")
        guard let long, let short else { return }
        try require(parts(of: long) == parts(of: short), "\(parts(of: long)) is not \(parts(of: short))")
        let again = try codec.decode(codec.encode(short))
        try require(again == short, "\(parts(of: again)) is not \(parts(of: short))")
    }

    /// A message without the uuid of its result, which may be a random one.
    private static func parts(of message: Message) -> JSONObject {
        var result = message.result.json
        result["uuid"] = nil
        return [
            "uuid": .string(message.uuid), "entrypoint": .string(message.entrypoint), "params": .object(message.params),
            "result": .object(result), "metadata": .object(message.metadata),
        ]
    }

    /// A path finds the same in a parsed object and in one of its own entries. The path is what stands before a line break.
    private static func checkPath(_ bytes: [UInt8]) throws {
        let lines = bytes.split(separator: 0x0A, maxSplits: 1)
        guard lines.count == 2, case .object(let object)? = try? JSON(parsing: Array(lines[1])) else { return }
        let path = String(decoding: lines[0], as: UTF8.self)
        func outcome(_ retval: JSONObject) -> String {
            do { return try ExecutionResult(retval: retval).search(path).description } catch { return "\(error)" }
        }
        let (parsed, own) = (outcome(object), outcome(JSONObject(object.map { $0 })))
        try require(parsed == own, "\(parsed) is not \(own)")
    }
}

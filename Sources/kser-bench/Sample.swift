import Kser

/// The message that everything here sends, decodes or runs: 254 bytes, as kser writes them.
enum Sample {
    static let uuid = "5a1b8d3e-7c4f-4e2a-9b6d-0f3c2e1a8b47"
    /// What Python kser's worker in `Tests/Support/peers` has as a handler that does nothing.
    static let entrypoint = "peer.Noop"

    struct Point: Codable, Sendable {
        var x: Int
        var y: Int
        var w: Double
        var c: String
    }

    static let message = Message(uuid: uuid, entrypoint: entrypoint, params: ["x": 12, "y": 4, "w": 2, "c": "r"])

    static func bytes() throws -> [UInt8] {
        let bytes = Array(try JSONMessageCodec().encode(message))
        precondition(bytes.count == 254, "the sample has \(bytes.count) bytes")
        return bytes
    }

    /// The same message as a type of Swift alone, for Foundation's coders.
    struct Plain: Codable, Sendable {
        struct Outcome: Codable, Sendable {
            var uuid: String
            var retcode: Int
            var stdout: String
            var stderr: String
            var retval: [String: String]
        }

        var uuid: String
        var entrypoint: String
        var params: Point
        var result: Outcome
        var metadata: [String: String]
    }

    static let plain = Plain(
        uuid: uuid,
        entrypoint: entrypoint,
        params: Point(x: 12, y: 4, w: 2, c: "r"),
        result: Plain.Outcome(uuid: uuid, retcode: 0, stdout: "", stderr: "", retval: [:]),
        metadata: [:]
    )
}

import Foundation
import Kser
import Synchronization

@testable import KserCrypto

/// The codec of a case: plain JSON, or the secretbox with the key that the case gives.
func makeCodec(for given: JSONObject) throws -> any MessageCodec {
    let key = given["crypto_key"]?.string
    guard key != nil || given["driver"]?.string == "crypto" else { return JSONMessageCodec() }
    let environment = key.map { [SecretBoxKey.environmentVariable: $0] } ?? [:]
    do {
        let sealing = SecretBoxCodec(key: try SecretBoxKey.fromEnvironment(environment))
        return RecordedSealing(codec: sealing, nonce: given["nonce"]?.string)
    } catch {
        return Keyless(error: error)
    }
}

/// Seals with the nonce of the recording, and breaks the lines of the envelope's data as Python does; it reads both.
private struct RecordedSealing: MessageCodec {
    let codec: SecretBoxCodec
    let nonce: String?

    func encode(_ message: Message) throws -> [UInt8] {
        let plain = try codec.base.encode(message)
        guard let nonce else { return try codec.seal(plain) }
        var envelope = try JSON(parsing: codec.seal(plain, nonce: SecretBox.Nonce(base64: nonce))).object ?? [:]
        var lines: [Substring] = []
        var rest = (envelope["data"]?.string ?? "")[...]
        while !rest.isEmpty {
            lines.append(rest.prefix(76))
            rest = rest.dropFirst(76)
        }
        envelope["data"] = .string(lines.joined(separator: "\n"))
        return try JSON.object(envelope).bytes()
    }

    func decode(_ bytes: [UInt8]) throws -> Message { try codec.decode(bytes) }

    func importFailure(_ error: any Error, of bytes: [UInt8]) -> String { codec.importFailure(error, of: bytes) }
}

/// Python looks for the key at each use; here a codec cannot be made without one, and each use meets that error.
private struct Keyless: MessageCodec {
    let error: any Error

    func encode(_ message: Message) throws -> [UInt8] { throw error }
    func decode(_ bytes: [UInt8]) throws -> Message { throw error }
}

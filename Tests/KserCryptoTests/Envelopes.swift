import Kser

@testable import KserCrypto

/// The base64 text of some bytes.
func base64(_ bytes: [UInt8]) -> String {
    let room = [UInt8](unsafeUninitializedCapacity: Base64.encodedCount(of: bytes.count) + 1) { room, count in
        guard let start = room.baseAddress else { return }
        count = Base64.encode(bytes, count: bytes.count, to: start) - start
    }
    return String(decoding: room, as: UTF8.self)
}

/// The text of an envelope with these fields.
func envelope(data: String, nonce: String) -> [UInt8] { Array(#"{"data": "\#(data)", "nonce": "\#(nonce)"}"#.utf8) }

extension SecretBoxCodec {
    /// The fields of the envelope of some content.
    func fields(of content: [UInt8]) throws -> (data: String, nonce: String) {
        let json = try JSON(parsing: seal(content))
        return (json["data"]?.string ?? "", json["nonce"]?.string ?? "")
    }
}

import Foundation
import Kser

@testable import KserCrypto

/// What has to hold of any bytes that come as a sealed message; see `FuzzTarget` of `KserTests`.
enum EnvelopeFuzz {
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    /// What is read as an envelope is an object of two base64 texts for Foundation too, and is written as it was read.
    static func check(_ bytes: [UInt8]) throws {
        for forms: Envelope.Forms in [[.bound, .clear], [.unbound, .bound]] { _ = try? Envelope.read(bytes, as: forms) }
        guard let box = try? Envelope.read(bytes, as: .unbound) else { return }
        guard let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String], object.count == 2,
            let data = object["data"]?.filter({ !$0.isWhitespace }), object["nonce"] != nil
        else { throw Disagreement(description: "an envelope that is none for Foundation") }
        // Foundation takes more for base64 than libsodium.
        if let content = Data(base64Encoded: data), Array(content) != Array(box.bytes) {
            throw Disagreement(description: "other content")
        }
        let again = try Envelope.read(Envelope.write(box), as: .unbound)
        if again.map({ Array($0.bytes) }) != Array(box.bytes) { throw Disagreement(description: "not written as read") }
    }
}

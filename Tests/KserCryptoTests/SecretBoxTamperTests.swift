import Kser
import Testing

@testable import KserCrypto

/// What is changed on its way is refused, whatever the change.
@Suite(.timeLimit(.minutes(5))) struct SecretBoxTamperTests {
    /// Envelopes of messages of different lengths, each under its own key.
    static let envelopes: [Sealed] = (try? (0..<20).map { try Sealed(paramsLength: $0 * 7) }) ?? []

    struct Sealed: Sendable, CustomTestStringConvertible {
        static let secret = "top-secret"

        let codec: SecretBoxCodec
        let box: [UInt8]
        let nonce: [UInt8]
        let text: [UInt8]

        var testDescription: String { "\(box.count) bytes" }

        init(paramsLength: Int) throws {
            codec = SecretBoxCodec(key: try .generate())
            text = try codec.encode(
                Message(
                    uuid: Self.secret,
                    entrypoint: "e",
                    params: ["p": .string(String(repeating: "x", count: paramsLength))]
                )
            )
            let json = try JSON(parsing: text)
            box = try #require(json["data"]?.string.flatMap(Base64.decode))
            nonce = try #require(json["nonce"]?.string.flatMap(Base64.decode))
        }
    }

    @Test func thereAreTwenty() { #expect(Self.envelopes.count == 20) }

    @Test(arguments: envelopes)
    func anyFlippedBitIsRefused(_ sealed: Sealed) throws {
        let isOpened = try sealed.codec.decode(envelope(sealed.box, sealed.nonce)).uuid == Sealed.secret
        #expect(isOpened)
        for bit in 0..<sealed.box.count * 8 {
            var box = sealed.box
            box[bit / 8] ^= 1 << UInt8(bit % 8)
            expectRefusal(sealed, envelope(box, sealed.nonce), .notAuthentic, "data bit \(bit)")
        }
        for bit in 0..<sealed.nonce.count * 8 {
            var nonce = sealed.nonce
            nonce[bit / 8] ^= 1 << UInt8(bit % 8)
            expectRefusal(sealed, envelope(sealed.box, nonce), .notAuthentic, "nonce bit \(bit)")
        }
    }

    @Test(arguments: envelopes)
    func anyFlippedBitOfTheTextIsRefused(_ sealed: Sealed) throws {
        for bit in 0..<sealed.text.count * 8 {
            var text = sealed.text
            text[bit / 8] ^= 1 << UInt8(bit % 8)
            expectRefusal(sealed, text, nil, "bit \(bit)")
        }
    }

    @Test(arguments: envelopes)
    func everyTruncationIsRefused(_ sealed: Sealed) throws {
        for count in 0..<sealed.box.count {
            let code: CryptoError.Code = count < SecretBox.overhead ? .malformed : .notAuthentic
            expectRefusal(sealed, envelope(Array(sealed.box.prefix(count)), sealed.nonce), code, "data of \(count)")
            expectRefusal(sealed, envelope(Array(sealed.box.suffix(count)), sealed.nonce), code, "end of \(count)")
        }
        for count in 0..<sealed.nonce.count {
            expectRefusal(
                sealed,
                envelope(sealed.box, Array(sealed.nonce.prefix(count))),
                .malformed,
                "nonce of \(count)"
            )
        }
        for count in 0..<sealed.text.count {
            expectRefusal(sealed, Array(sealed.text.prefix(count)), nil, "text of \(count)")
        }
    }

    @Test func whatIsAddedIsRefused() throws {
        for sealed in Self.envelopes {
            expectRefusal(sealed, envelope(sealed.box + [0], sealed.nonce), .notAuthentic, "longer data")
            expectRefusal(sealed, envelope(sealed.box, sealed.nonce + [0]), .malformed, "longer nonce")
            expectRefusal(sealed, sealed.text + [0x7D], nil, "longer text")
        }
    }

    @Test func everyOtherKeyIsRefused() throws {
        for sealed in Self.envelopes {
            for other in Self.envelopes where other.codec.keys !== sealed.codec.keys {
                expectRefusal(other, sealed.text, .notAuthentic, "wrong key")
            }
        }
    }

    /// Refused with an error of kser whose text is short and tells nothing.
    private func expectRefusal(_ sealed: Sealed, _ envelope: [UInt8], _ code: CryptoError.Code?, _ what: String) {
        do {
            _ = try sealed.codec.decode(envelope)
            Issue.record("\(what): opened")
        } catch let error as KserError {
            let text = "\(error)\(error.extra)"
            // Not #expect: there are tens of thousands of these.
            if text.utf8.count > 300 { Issue.record("\(what): \(text)") }
            if text.contains(Sealed.secret) { Issue.record("\(what): \(text)") }
            if let code, (error.cause as? CryptoError)?.code != code {
                Issue.record("\(what): not \(code) but \(text)")
            }
        } catch {
            Issue.record("\(what): \(type(of: error)) \(error)")
        }
    }

    private func envelope(_ box: [UInt8], _ nonce: [UInt8]) -> [UInt8] {
        Array(#"{"data": "\#(base64(box))", "nonce": "\#(base64(nonce))"}"#.utf8)
    }
}

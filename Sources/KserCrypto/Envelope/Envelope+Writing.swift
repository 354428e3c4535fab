import Kser

extension Envelope {
    private static let opening: StaticString = #"{"data": ""#
    private static let middle: StaticString = #"", "nonce": ""#
    private static let closing: StaticString = #""}"#

    /// How large the envelope of so many bytes of content is.
    static func size(ofContent count: Int, context: MessageContext? = nil) -> Int {
        size(ofContent: count, opening: context?.opening.utf8.count ?? opening.utf8CodeUnitCount)
    }

    private static func size(ofContent count: Int, opening: Int) -> Int {
        opening + Base64.encodedCount(of: count + SecretBox.overhead)
            + middle.utf8CodeUnitCount + Base64.encodedCount(of: SecretBox.Nonce.byteCount)
            + closing.utf8CodeUnitCount
    }

    /// The envelope of a box; without a context it is as kser-crypto writes it, but for line breaks in the data.
    static func write(_ box: SecretBox) -> [UInt8] {
        guard let context = box.context else {
            return write(box, opening: UnsafeBufferPointer(start: opening.utf8Start, count: opening.utf8CodeUnitCount))
        }
        var opening = context.opening
        return opening.withUTF8 { write(box, opening: $0) }
    }

    private static func write(_ box: SecretBox, opening: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let size = size(ofContent: box.contentCount, opening: opening.count)
        // libsodium ends each text with a zero, in the place of the literal to come.
        return [UInt8](unsafeUninitializedCapacity: size) { text, count in
            guard var place = text.baseAddress, let start = opening.baseAddress else { return }
            place.update(from: start, count: opening.count)
            place += opening.count
            place = Base64.encode(box.bytes, count: box.bytes.count, to: place)
            place = write(middle, at: place)
            place = box.nonce.withPointer { Base64.encode($0, count: SecretBox.Nonce.byteCount, to: place) }
            place = write(closing, at: place)
            count = size
        }
    }

    private static func write(
        _ literal: StaticString,
        at place: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        place.update(from: literal.utf8Start, count: literal.utf8CodeUnitCount)
        return place + literal.utf8CodeUnitCount
    }
}

extension MessageContext {
    /// The envelope up to its data.
    fileprivate var opening: String {
        #"{"version": \#(Envelope.boundVersion), "topic": \#(JSON.string(topic)), "#
            + #""entrypoint": \#(JSON.string(entrypoint)), "data": ""#
    }
}

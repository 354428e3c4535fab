import CLibsodium
import Foundation

/// Base64 by libsodium, in constant time: the standard alphabet, padded. White space anywhere in it is skipped.
enum Base64 {
    private static let variant = sodium_base64_VARIANT_ORIGINAL
    private static let blanks = " \t\n\u{0B}\u{0C}\r"

    /// How many characters so many bytes become.
    static func encodedCount(of count: Int) -> Int { (count + 2) / 3 * 4 }

    /// The most bytes that a text of this length holds.
    static func maximumDecodedCount(of count: Int) -> Int { (count / 4 + 1) * 3 }

    /// Writes the text of some bytes without line breaks.
    ///
    /// - Parameters:
    ///   - bytes: the bytes.
    ///   - count: how many they are.
    ///   - place: where to write; there is room for ``encodedCount(of:)`` characters and a zero.
    /// - Returns: the place behind the text, where the zero stands.
    static func encode(
        _ bytes: UnsafePointer<UInt8>,
        count: Int,
        to place: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        let size = encodedCount(of: count)
        let characters = UnsafeMutableRawPointer(place).assumingMemoryBound(to: CChar.self)
        sodium_bin2base64(characters, size + 1, bytes, count, variant)
        return place + size
    }

    /// The bytes of a text; nil for what is not base64.
    static func decode(_ text: String) -> [UInt8]? {
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: maximumDecodedCount(of: text.utf8.count)) { room, count in
            guard let size = decode(text, to: UnsafeMutableRawBufferPointer(room)) else { return }
            isValid = true
            count = size
        }
        return isValid ? bytes : nil
    }

    /// Writes the bytes of a text, and says how many they are; nil for what is not base64 or needs more room.
    static func decode(_ text: String, to room: UnsafeMutableRawBufferPointer) -> Int? {
        guard let place = room.baseAddress else { return nil }
        var text = text
        return text.withUTF8 { text in
            guard let start = UnsafeRawPointer(text.baseAddress) else { return 0 }
            // libsodium takes a zero for one of the characters to skip.
            if memchr(start, 0, text.count) != nil { return nil }
            var count = 0
            let status = sodium_base642bin(
                place.assumingMemoryBound(to: UInt8.self),
                room.count,
                start.assumingMemoryBound(to: CChar.self),
                text.count,
                blanks,
                &count,
                nil,
                variant
            )
            return status == 0 ? count : nil
        }
    }
}

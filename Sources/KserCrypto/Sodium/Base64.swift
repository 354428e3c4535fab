import CLibsodium
import Foundation

/// Base64 by libsodium, in constant time: the standard alphabet, padded. White space between characters is skipped.
enum Base64 {
    private static let variant = sodium_base64_VARIANT_ORIGINAL

    /// How many characters these bytes become.
    static func encodedCount(of count: Int) -> Int { (count + 2) / 3 * 4 }

    /// The most bytes that a text of this length holds.
    static func maximumDecodedCount(of count: Int) -> Int { (count / 4 + 1) * 3 }

    /// Writes the text of some bytes without line breaks, and a zero after it.
    ///
    /// - Parameter text: has room for ``encodedCount(of:)`` and the zero.
    /// - Returns: the number of characters.
    static func encode(_ bytes: UnsafeRawBufferPointer, into text: UnsafeMutableRawBufferPointer) -> Int {
        let count = encodedCount(of: bytes.count)
        guard let start = text.baseAddress, text.count > count else { return 0 }
        sodium_bin2base64(
            start.assumingMemoryBound(to: CChar.self),
            count + 1,
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            bytes.count,
            variant)
        return count
    }

    /// Writes the bytes of a text, and says how many they are; nil when it is not base64 or holds more than there is room.
    static func decode(_ text: UnsafeBufferPointer<UInt8>, into bytes: UnsafeMutableRawBufferPointer) -> Int? {
        guard let start = text.baseAddress, let room = bytes.baseAddress else { return text.isEmpty ? 0 : nil }
        // libsodium takes a zero for white space.
        if memchr(start, 0, text.count) != nil { return nil }
        var count = 0
        let status = sodium_base642bin(
            room.assumingMemoryBound(to: UInt8.self),
            bytes.count,
            UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self),
            text.count,
            " \t\n\u{0B}\u{0C}\r",
            &count,
            nil,
            variant)
        return status == 0 ? count : nil
    }
}

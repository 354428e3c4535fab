extension String {
    /// A random uuid in lower case, as Python writes it: version 4 of RFC 9562. Foundation's opens a file for each.
    package static func randomUUID() -> String {
        var generator = SystemRandomNumberGenerator()
        let high = generator.next() & ~0xF000 | 0x4000
        let low = generator.next() & ~(0b11 << 62) | 0b10 << 62
        return String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for position in 0..<32 {
                if [8, 12, 16, 20].contains(position) {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                let half = position < 16 ? high : low
                let digit = UInt8(half >> UInt64(60 - position % 16 * 4) & 0xF)
                text[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                place += 1
            }
            return place
        }
    }
}

import Kser
import Testing

@Suite struct KeyedHashTests {
    /// The first vectors of the reference's `vectors_sip128`: the key is 00 01 … 0f, the input 00 01 … of each length.
    @Test(arguments: [
        (0, "a3817f04ba25a8e66df67214c7550293"), (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"), (3, "9c70b60c5267a94e5f33b6b02985ed51"),
    ])
    func itIsSipHash(length: Int, expected: String) {
        let hash = KeyedHash(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
        let words = (0..<length).map { UInt8($0) }.withUnsafeBytes { hash.hash($0) }
        let bytes = [words.0, words.1].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
    }

    @Test func everyByteAndTheLengthCount() {
        let hash = KeyedHash.random()
        var seen: Set<[UInt64]> = []
        for length in 0..<40 {
            var bytes = [UInt8](repeating: 0, count: length)
            for index in 0...length {
                let words = bytes.withUnsafeBytes { hash.hash($0) }
                seen.insert([words.0, words.1])
                if index < length { bytes[index] = 1 }
            }
        }
        // Each length has its zeros, and the ones from its start on; they begin alike and differ from there.
        #expect(seen.count == (0..<40).reduce(0) { $0 + $1 + 1 })
    }

    @Test func textsOfAnyLengthTakeBoundedMemoryAndStayApart() {
        let (hash, other) = (KeyedHash.random(), KeyedHash.random())
        let short = String(repeating: "a", count: 64)
        #expect(hash.shortened(short) == short)
        let long = (0..<100).map { String(repeating: "b", count: 65 + $0) }
        let kept = long.map { hash.shortened($0) }
        #expect(Set(kept).count == 100)
        // No text that is kept as it is can be one of these.
        #expect(kept.allSatisfy { (65...128).contains($0.utf8.count) })
        #expect(hash.shortened(long[0]) == kept[0])
        #expect(other.shortened(long[0]) != kept[0])
        #expect(hash.shortened(String(repeating: "c", count: 400_000)).utf8.count < 128)
    }
}

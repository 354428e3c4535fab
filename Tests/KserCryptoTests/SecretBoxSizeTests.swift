import Kser
import Testing

@testable import KserCrypto

@Suite(.timeLimit(.minutes(5))) struct SecretBoxSizeTests {
    @Test func oneHundredMegabytesAreRefusedUnread() throws {
        let codec = SecretBoxCodec(key: try .generate())
        let huge = Array(#"{"data": ""#.utf8) + [UInt8](repeating: UInt8(ascii: "A"), count: 100_000_000)
        expectTooLarge { try codec.open(huge) }
    }

    @Test func theBoundHoldsBothWays() throws {
        let key = try SecretBoxKey.generate()
        let content = [UInt8](repeating: 1, count: 1_000)
        let size = try SecretBoxCodec(key: key).seal(content).count
        let exact = SecretBoxCodec(key: key, maximumSize: size)
        #expect(try exact.open(exact.seal(content)) == content)
        let small = SecretBoxCodec(key: key, maximumSize: size - 1)
        expectTooLarge { try small.seal(content) }
        expectTooLarge { try small.open(exact.seal(content)) }
    }

    @Test func megabytesComeBackAndBrokenOnesAreRefused() throws {
        let codec = SecretBoxCodec(key: try .generate())
        let content = [UInt8](repeating: 0x20, count: 4 << 20)
        let sealed = try codec.seal(content)
        let isSame = try codec.open(sealed) == content
        #expect(isSame)
        #expect(throws: KserError.self) { try codec.open(Array(sealed.dropLast(1_000))) }
        #expect(throws: KserError.self) { try codec.open([UInt8](repeating: 0x5B, count: 4 << 20)) }
    }

    private func expectTooLarge(_ body: () throws -> [UInt8]) {
        let error = #expect(throws: KserError.self) { _ = try body() }
        #expect(error?.kind == .internal)
        #expect((error?.cause as? CryptoError)?.code == .tooLarge)
        #expect((error?.message.utf8.count ?? .max) < 200)
    }
}

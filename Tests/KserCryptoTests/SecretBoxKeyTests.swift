import Testing

@testable import KserCrypto

@Suite struct SecretBoxKeyTests {
    static let bytes = (0..<32).map { UInt8($0) }
    static let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    @Test func isMadeFromBytesTextAndEnvironment() throws {
        let spaced = " AAECAwQFBgcICQoLDA0O\r\nDxAREhMUFRYXGBkaGxwdHh8=\n"
        #expect(try SecretBoxKey(bytes: Self.bytes).base64() == Self.text)
        #expect(try SecretBoxKey(base64: Self.text).base64() == Self.text)
        #expect(try SecretBoxKey(base64: spaced).base64() == Self.text)
        #expect(try SecretBoxKey.fromEnvironment(["KSER_SECRETBOX_KEY": spaced]).base64() == Self.text)
    }

    @Test func generatedKeysDiffer() throws {
        let keys = try (0..<100).map { _ in try SecretBoxKey.generate().base64() }
        #expect(Set(keys).count == 100)
        for key in keys { #expect(try SecretBoxKey(base64: key).base64() == key) }
    }

    @Test(arguments: [0, 1, 16, 31, 33, 48, 64, 100_000])
    func theWrongLengthSaysWhatIsExpected(_ count: Int) {
        let bytes = [UInt8](repeating: 0x78, count: count)
        let fromBytes = #expect(throws: CryptoError.self) { try SecretBoxKey(bytes: bytes) }
        let fromText = #expect(throws: CryptoError.self) { try SecretBoxKey(base64: base64(bytes)) }
        for error in [fromBytes, fromText] {
            #expect(error?.code == .invalidKey)
            #expect(error?.message.contains("has \(count) bytes") == true)
            #expect(error?.message.contains("exactly 32 bytes in base64") == true)
        }
    }

    @Test(arguments: [
        "abc", "!", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8==",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", "__ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,", "\0AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ])
    func whatIsNotBase64IsRefusedAndNotShown(_ text: String) {
        let error = #expect(throws: CryptoError.self) { try SecretBoxKey(base64: text) }
        #expect(error?.code == .invalidKey)
        #expect(error?.message.contains("not base64") == true)
        #expect(error?.message.contains("exactly 32 bytes in base64") == true)
        if text.count > 3 { #expect(error?.message.contains(text) == false) }
    }

    @Test func aMissingVariableIsNamed() {
        for environment in [[:], ["KSER_SECRETBOX_KEY": ""]] {
            let error = #expect(throws: CryptoError.self) { try SecretBoxKey.fromEnvironment(environment) }
            #expect(error?.code == .missingKey)
            #expect(error?.message.contains("KSER_SECRETBOX_KEY is not set") == true)
        }
        let error = #expect(throws: CryptoError.self) {
            try SecretBoxKey.fromEnvironment(["KSER_SECRETBOX_KEY": "abc"])
        }
        #expect(error?.code == .invalidKey)
        #expect(error?.message.contains("KSER_SECRETBOX_KEY") == true)
    }

    @Test func isNeverPrinted() throws {
        let key = try SecretBoxKey(base64: Self.text)
        let codec = SecretBoxCodec(key: key)
        var dumped = ""
        dump(codec, to: &dumped)
        #expect("\(key)" == "***" && String(reflecting: key) == "***")
        for text in [
            "\(codec)", String(reflecting: codec), dumped, "\(Mirror(reflecting: key).children.map { "\($0)" })",
        ] {
            #expect(!text.contains("AAECAw") && !text.contains("0, 1, 2, 3") && !text.contains("0x"), "\(text)")
        }
    }
}

import Foundation
import Kser
import Testing

@testable import KserCrypto

/// One case that Python's kser-crypto recorded; Tests/Vectors/kser/README.md explains it.
struct CryptoVector: Sendable, CustomTestStringConvertible {
    let id: String
    let title: String
    let parity: String
    let given: JSONObject
    let expect: JSONObject

    var testDescription: String { "\(id) (\(parity)) \(title)" }

    /// crypto.json in `KSER_VECTORS_DIR`, else in Tests/Vectors.
    static let file: String = {
        let own = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = ProcessInfo.processInfo.environment["KSER_VECTORS_DIR"].map { URL(filePath: $0) }
        return (folder ?? own.appending(path: "Vectors")).appending(path: "kser/crypto.json").path()
    }()

    static var isPresent: Bool { FileManager.default.fileExists(atPath: file) }

    /// The cases of one operation; none without the file.
    static func all(_ operation: String) throws -> [CryptoVector] {
        guard isPresent else { return [] }
        let json = try JSON(parsing: Array(Data(contentsOf: URL(filePath: file))))
        let cases = try #require(json["cases"]?.array)
        try #require(json["kind"]?.string == "crypto" && json["count"]?.int == cases.count && !cases.isEmpty)
        return try cases.map(CryptoVector.init).filter { $0.given["op"]?.string == operation }
    }

    private init(_ json: JSON) throws {
        id = try #require(json["id"]?.string)
        title = try #require(json["title"]?.string)
        parity = try #require(json["parity"]?.string)
        given = try #require(json["given"]?.object)
        expect = try #require(json["expect"]?.object)
        // What this suite does not know may be what matters.
        try #require(["must", "shape", "info"].contains(parity), "\(parity)")
        try #require(["encode", "decode"].contains(given["op"]?.string), "\(given)")
        let known = [
            "plaintext", "envelope", "data_lines", "ciphertext_length", "decodes_to", "raises", "loads", "repr",
            "crypto_dump",
            "crypto_dumps", "controller_result", "controller_log",
        ]
        for key in expect.keys { try #require(known.contains(key), "\(key)") }
    }

    /// The key, from where kser-crypto takes it: the context, else the environment.
    func key() throws -> SecretBoxKey {
        if let key = given["context"]?["secretbox_key"]?.string { return try SecretBoxKey(base64: key) }
        return try .fromEnvironment(given["key"]?.string.map { [SecretBoxKey.environmentVariable: $0] } ?? [:])
    }

    /// Compares an error with the expected one, wholly or its kind only.
    func check(_ error: any Error, is expected: JSON?) throws {
        let actual = KserError(converting: error).json
        let expected = try #require(expected, "it was to succeed, but: \(actual)")
        for field in parity == "must" ? ["code", "name", "msgid", "message", "extra"] : ["code", "name", "msgid"] {
            #expect(actual[field] == expected[field], "\(field)")
        }
    }
}

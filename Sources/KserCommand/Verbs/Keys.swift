import Foundation
import Kser
import KserCrypto

extension Verb {
    static let keygen = Verb(
        name: "keygen",
        operands: "",
        summary: "Make a key for sealed messages, in base64",
        details: "Put it into KSER_SECRETBOX_KEY of whoever sends and handles messages; Python kser reads the same.",
        options: [.json]
    ) { arguments in
        _ = try arguments.operands(0...0, "")
        let key = try SecretBoxKey.generate().base64()
        arguments.has("json") ? Console.print(["key": .string(key)]) : Console.print(key)
    }

    static let seal = Verb(
        name: "seal",
        operands: "[FILE]",
        summary: "Seal a file, or standard input, with KSER_SECRETBOX_KEY",
        details: "It writes the envelope that stands in a record: {\"data\": …, \"nonce\": …}.",
        options: []
    ) { arguments in
        let path = try arguments.operands(0...1, "[FILE]").first ?? "-"
        let codec = SecretBoxCodec(key: try .fromEnvironment())
        Console.print(String(decoding: try codec.seal(try await Input(path).bytes()), as: UTF8.self))
    }

    static let open = Verb(
        name: "open",
        operands: "[FILE]",
        summary: "Open a sealed file, or standard input, with KSER_SECRETBOX_KEY",
        options: []
    ) { arguments in
        let path = try arguments.operands(0...1, "[FILE]").first ?? "-"
        let codec = SecretBoxCodec(key: try .fromEnvironment())
        FileHandle.standardOutput.write(Data(try codec.open(try await Input(path).bytes())))
    }
}

import Foundation
import Kser
import KserCrypto

extension Verb {
    static let keygen = Verb(
        name: "keygen",
        operands: "",
        summary: "Make a key for sealed messages, in base64",
        details: """
            Put it into KSER_SECRETBOX_KEY of whoever sends and handles messages; Python kser reads the same. When keys change, a
            file of --keys has ID=KEY for each: the first one seals, and all open.
            """,
        options: [.json]
    ) { arguments in
        _ = try arguments.operands(0...0, "")
        let key = try SecretBoxKey.generate().base64()
        arguments.has("json") ? Console.print(["key": .string(key)]) : Console.print(key)
    }

    static let seal = Verb(
        name: "seal",
        operands: "[FILE]",
        summary: "Seal a file, or standard input",
        details: """
            It writes the envelope that stands in a record: {"data": …, "nonce": …}. With --json it says which key sealed it, too.
            """,
        options: Option.keys + [
            Option("key-id", nil, value: "ID", "the key that seals; default the first one"), .json,
        ]
    ) { arguments in
        let path = try arguments.operands(0...1, "[FILE]").first ?? "-"
        let codec = try Sealing(arguments).box()
        let envelope = try codec.seal(try await Input(path).bytes())
        guard arguments.has("json") else { return Console.print(text: String(decoding: envelope, as: UTF8.self)) }
        Console.print(["keyID": .string(codec.keys.currentID), "envelope": try JSON(parsing: envelope)])
    }

    static let open = Verb(
        name: "open",
        operands: "[FILE]",
        summary: "Open a sealed file, or standard input",
        details: "It writes what was sealed. With --json it says which key opened it, and the content as text.",
        options: Option.keys + [
            Option("key-id", nil, value: "ID", "open with this key alone; default any"), .json,
        ]
    ) { arguments in
        let path = try arguments.operands(0...1, "[FILE]").first ?? "-"
        let codec = try Sealing(arguments).box()
        let envelope = try await Input(path).bytes()
        let content = try codec.open(envelope, keyID: arguments.text("key-id"))
        guard arguments.has("json") else { return FileHandle.standardOutput.write(Data(content)) }
        let known = try codec.inspect(envelope)
        Console.print([
            "keyID": known.keyID.map { .string($0) } ?? nil,
            "topic": known.topic.map { .string($0) } ?? nil,
            "entrypoint": known.entrypoint.map { .string($0) } ?? nil,
            "content": .string(String(decoding: content, as: UTF8.self)),
        ])
    }
}

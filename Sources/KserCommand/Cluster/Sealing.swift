import Foundation
import Kser
import KserCrypto

/// How messages are sealed and opened: with the keys that options and the environment name, or not at all.
struct Sealing {
    private let keys: SecretBoxKeyRing?
    private let isBound: Bool
    private let deadLetterSuffix: String?
    private static let ringVariable = "KSER_SECRETBOX_KEYS"

    init(_ arguments: Arguments) throws {
        keys = try Self.ring(arguments)
        isBound = arguments.has("bound")
        deadLetterSuffix = arguments.text("suffix")
        if isBound, keys == nil { throw UsageError("--bound needs a key: \(Self.advice)") }
    }

    /// Writes messages: sealed when there is a key.
    var writer: any MessageCodec {
        guard let keys else { return JSONMessageCodec() }
        return SecretBoxCodec(keys: keys, binding: isBound ? binding : nil)
    }

    /// Reads messages, sealed in either form or not, whichever topic they were sealed for: who looks is no worker.
    var reader: any MessageCodec {
        guard let keys else { return JSONMessageCodec() }
        var binding = binding
        binding.admitsOtherTopics = true
        binding.admitsUnbound = true
        return SecretBoxCodec(keys: keys, admitting: ClearMessages(), binding: binding)
    }

    /// Seals and opens envelopes of any bytes.
    func box() throws -> SecretBoxCodec {
        guard let keys else { throw CommandError(.configuration, "there is no key: \(Self.advice)") }
        return SecretBoxCodec(keys: keys)
    }

    private var binding: TopicBinding {
        var binding = TopicBinding()
        if let deadLetterSuffix { binding.deadLetterSuffix = deadLetterSuffix }
        return binding
    }

    private static let advice =
        "set \(SecretBoxKey.environmentVariable), or \(ringVariable) with ID=KEY for each, or give --keys FILE"
}

extension Sealing {
    private static func ring(_ arguments: Arguments) throws -> SecretBoxKeyRing? {
        let environment = ProcessInfo.processInfo.environment
        var source = ringVariable
        var text = environment[ringVariable] ?? ""
        if let path = arguments.text("keys") {
            source = path
            text = try SecretFile.contents(of: path)
        }
        let single = environment[SecretBoxKey.environmentVariable] ?? ""
        let ring = try ring(text, source)
        if single.isEmpty {
            // No key is none, but a file without one is a mistake.
            if ring == nil, arguments.has("keys") { throw CommandError(.configuration, "\(source) holds no ID=KEY") }
        } else if let ring {
            try ring.add(.fromEnvironment(), id: "default")
        }
        guard let ring = try ring ?? (single.isEmpty ? nil : SecretBoxCodec(key: .fromEnvironment()).keys) else {
            if arguments.has("key-id") { throw UsageError("--key-id needs keys: \(advice)") }
            return nil
        }
        if let id = arguments.text("key-id") {
            do { try ring.use(id) } catch { throw UsageError("--key-id: \(error.message)") }
        }
        return ring
    }

    /// The keys of lines or words `ID=KEY`, the first of them current. Errors name the place, never the key.
    private static func ring(_ text: String, _ source: String) throws -> SecretBoxKeyRing? {
        var ring: SecretBoxKeyRing?
        for (index, word) in text.split(whereSeparator: { $0.isWhitespace || $0 == "," }).enumerated() {
            guard let sign = word.firstIndex(of: "="), sign != word.startIndex else {
                throw CommandError(.configuration, "\(source): key \(index + 1) must be ID=KEY")
            }
            do {
                ring = try adding(String(word[word.index(after: sign)...]), id: String(word[..<sign]), to: ring)
            } catch {
                throw CommandError(.configuration, "\(source): key \(index + 1): \(error.message)")
            }
        }
        return ring
    }

    private static func adding(
        _ text: String,
        id: String,
        to ring: SecretBoxKeyRing?
    ) throws(CryptoError) -> SecretBoxKeyRing {
        let key = try SecretBoxKey(base64: text)
        guard let ring else { return try SecretBoxKeyRing(current: id, key) }
        try ring.add(key, id: id)
        return ring
    }
}

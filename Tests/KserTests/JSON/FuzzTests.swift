import Foundation
import Testing

@testable import Kser

/// Both parsers must accept the same texts and read the same values.
@Suite("The strict parser and simdjson agree")
struct FuzzTests {
    private static let seeds: [String] = [
        #"{"uuid": "u", "entrypoint": "e", "params": {"a": [1, -2.5e3, true, null], "é": "\u00e9\ud83c\udfb2\n"}}"#,
        #"[0, -0, 0.0, -0.0, 1e5, 1E-5, 123456789012345678, 18446744073709551615, -9223372036854775808]"#,
        #"{"a": {"b": {"c": {}}}, "d": [[], [[]]], "e": "\"\\\/\b\f\n\r\t"}"#,
        #" [ "" , "x" , { "" : "" } ] "#, #""text""#, "12.5", "null", "\u{FEFF}{}", #"{"a":1,"a":2}"#,
        #"["\ud83c\udfb2", "\ud83c", "\udfb2", "\u0000"]"#,
    ]
    private static let pieces =
        Array(#"{}[]",:\u0123456789abcdefDC.-+eE /ntrue"#.utf8) + [0, 9, 10, 13, 31, 127, 128, 0xC3, 0xFF]

    @Test func mutatedTexts() throws {
        let seed = ProcessInfo.processInfo.environment["KSER_FUZZ_SEED"].flatMap(UInt64.init) ?? .random(in: 0 ... .max)
        print("FuzzTests: KSER_FUZZ_SEED=\(seed)")
        var random = SplitMix(seed: seed)
        var accepted = 0
        for round in 0..<30_000 {
            var bytes = Array(Self.seeds.randomElement(using: &random)?.utf8 ?? "".utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) { mutate(&bytes, &random) }
            if try agree(bytes, "seed \(seed), round \(round)") { accepted += 1 }
        }
        #expect(accepted > 1000)
        #expect(accepted < 29_000)
    }

    @Test("Nesting at the limit", arguments: [126, 127, 128, 129, 130], ["[", "{\"a\":"])
    func nesting(_ depth: Int, _ open: String) throws {
        for inner in ["1", "[]", "{}"] {
            let close = open == "[" ? "]" : "}"
            let text = String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
            #expect(
                try agree(Array(text.utf8), "depth \(depth) around \(inner)") == (depth <= JSON.defaultMaximumDepth)
            )
        }
    }

    /// Whether both accept.
    private func agree(_ bytes: [UInt8], _ place: String) throws -> Bool {
        let fast = JSONDocument.parse(bytes).map { JSONNode(document: $0, element: $0.root).json }
        let slow = try? JSONText.withStandIns(bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect((slow == bytes) == (fast != nil), "\(place): \(text)")
        if let slow, slow != bytes { #expect(JSONDocument.parse(slow) != nil, "\(place): \(text)") }
        if let fast { #expect(try JSON(parsing: fast.bytes()) == fast, "\(place): \(text)") }
        return fast != nil
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return bytes.append(Self.pieces.randomElement(using: &random) ?? 0) }
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(Self.pieces.randomElement(using: &random) ?? 0, at: place)
        case 2: bytes[place] = .random(in: 0...255, using: &random)
        case 3: bytes.replaceSubrange(place..<place, with: bytes[place...].prefix(8))
        default: bytes.removeSubrange(place..<min(place + 4, bytes.count))
        }
    }
}

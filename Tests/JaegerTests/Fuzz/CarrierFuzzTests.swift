import Foundation
import Testing

/// The target of `make fuzz`, with what it begins with, what it found, and carriers near to these.
@Suite(.timeLimit(.minutes(1)))
struct CarrierFuzzTests {
    private static func seeds() throws -> [URL] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzz/Corpus/carrier")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    }

    @Test
    func thereAreSeeds() throws { #expect(try !Self.seeds().isEmpty) }

    @Test(arguments: try seeds())
    func nearToWellFormed(_ seed: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: seed))
        try CarrierFuzz.check(bytes)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var mutated = bytes
            for _ in 0...Int.random(in: 0..<3, using: &generator) where !mutated.isEmpty {
                let place = Int.random(in: mutated.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: mutated[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: mutated.remove(at: place)
                case 2: mutated.insert(bytes.randomElement() ?? 0, at: place)
                default: mutated.swapAt(place, mutated.indices.randomElement() ?? place)
                }
            }
            do { try CarrierFuzz.check(mutated) } catch {
                Issue.record("\(String(decoding: mutated, as: UTF8.self).debugDescription): \(error)")
                return
            }
        }
    }
}

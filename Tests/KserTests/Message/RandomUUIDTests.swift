import Foundation
import Kser
import Testing

@Suite struct RandomUUIDTests {
    @Test func theyAreOfVersion4InLowerCaseAndDiffer() {
        let texts = (0..<10_000).map { _ in Message(entrypoint: "a").uuid }
        #expect(Set(texts).count == texts.count)
        #expect(texts.allSatisfy { UUID(uuidString: $0)?.uuidString.lowercased() == $0 })
        let places = texts.map { Array($0) }
        let counts = (0..<36).map { place in Set(places.map { $0[place] }).count }
        // Dashes and the version never change, the variant has two bits, and every other digit takes every value.
        let expected = (0..<36).map { [8, 13, 14, 18, 23].contains($0) ? 1 : $0 == 19 ? 4 : 16 }
        #expect(counts == expected)
        #expect(texts.allSatisfy { Array($0)[14] == "4" && "89ab".contains(Array($0)[19]) })
    }
}

import Kser
import Testing

@Suite struct QueueTests {
    @Test(arguments: 0..<4 as Range<UInt64>)
    func agreesWithAnArray(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var queue = Queue<Int>()
        var model: [Int] = []
        for step in 0..<20_000 {
            // Long and short by turns.
            let grows = step / 2_500 % 2 == 0
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<(grows ? 7 : 3):
                queue.append(step)
                model.append(step)
            case ..<9:
                try #require(queue.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            case 9: try #require(queue.popLast() == model.popLast())
            case 10:
                queue.prepend(contentsOf: [step, -step])
                model.insert(contentsOf: [step, -step], at: 0)
            default:
                guard let index = model.indices.randomElement(using: &random) else { continue }
                queue[index] = step
                model[index] = step
            }
            try #require(queue.count == model.count && queue.first == model.first && queue.last == model.last)
        }
        queue.removeAll { $0.isMultiple(of: 3) }
        #expect(Array(queue) == model.filter { !$0.isMultiple(of: 3) })
    }

    @Test func letsGoOfWhatIsTaken() {
        final class Element: Sendable {}
        var queue = Queue<Element>()
        queue.append(Element())
        queue.append(Element())
        weak let first = queue.first
        #expect(first != nil)
        _ = queue.popFirst()
        #expect(first == nil && queue.count == 1)
    }
}

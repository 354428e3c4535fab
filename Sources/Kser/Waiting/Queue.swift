/// Elements in the order they came. It takes room for about as many as there are, and lets go of each that is taken.
package struct Queue<Element> {
    /// A ring whose size is a power of two.
    private var ring: [Element?] = []
    private var head = 0
    package private(set) var count = 0

    package init() {}

    /// Whether there is none. Not the collection's own, which asks protocols for it.
    @inline(__always) package var isEmpty: Bool { count == 0 }

    /// Adds an element at the end.
    package mutating func append(_ element: Element) {
        if count == ring.count { resize(to: Swift.max(16, 2 * count)) }
        ring[(head + count) & (ring.count - 1)] = element
        count += 1
    }

    /// Puts elements before all others, in their order.
    package mutating func prepend(contentsOf elements: some BidirectionalCollection<Element>) {
        for element in elements.reversed() {
            if count == ring.count { resize(to: Swift.max(16, 2 * count)) }
            head = (head - 1) & (ring.count - 1)
            ring[head] = element
            count += 1
        }
    }

    /// Takes the first element; nil when there is none.
    package mutating func popFirst() -> Element? {
        if count == 0 { return nil }
        let element = ring[head].take()
        head = (head + 1) & (ring.count - 1)
        count -= 1
        shrink()
        return element
    }

    /// Takes the last element; nil when there is none.
    package mutating func popLast() -> Element? {
        if count == 0 { return nil }
        count -= 1
        let element = ring[(head + count) & (ring.count - 1)].take()
        shrink()
        return element
    }

    /// Takes out the elements of which this holds.
    package mutating func removeAll(where isRemoved: (Element) -> Bool) {
        let kept = filter { !isRemoved($0) }
        removeAll()
        for element in kept { append(element) }
    }

    /// Takes out all elements.
    package mutating func removeAll() { self = Queue() }

    private mutating func shrink() {
        if ring.count > 64, count < ring.count / 8 { resize(to: ring.count / 4) }
    }

    private mutating func resize(to size: Int) {
        var ring = [Element?](repeating: nil, count: size)
        for index in 0..<count { ring[index] = self.ring[(head + index) & (self.ring.count - 1)].take() }
        self.ring = ring
        head = 0
    }
}

extension Queue: RandomAccessCollection, MutableCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(index: Int) -> Element {
        get {
            guard index >= 0, index < count, let element = ring[(head + index) & (ring.count - 1)] else {
                preconditionFailure("A queue of \(count) has no element \(index)")
            }
            return element
        }
        set { ring[(head + index) & (ring.count - 1)] = newValue }
    }
}

extension Queue: Sendable where Element: Sendable {}

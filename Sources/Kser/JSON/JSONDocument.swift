import CSimdjson
import Synchronization

/// A text that simdjson has parsed: immutable, read by any thread, about as large as the text.
///
/// It is sendable because nothing in it changes after the parse but the cache of what was looked up, which is under a
/// lock, and because reading simdjson's elements writes nothing.
package final class JSONDocument: Sendable {
    /// Points to memory that this document alone has; it is bound to no thread.
    private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private enum LongNumbers: UInt8, AtomicRepresentable { case unknown, absent, present }

    private struct Lookups {
        var indexes: [ElementPlace: JSONIndex] = [:]
        var numbers: NumberPlaces?
    }

    private let handle: Handle
    /// The text as it came.
    private let text: [UInt8]
    let root: kser_json_element
    /// Whether numbers that simdjson does not read have another number in their place; see ``StandIn``.
    let hasStandIns: Bool
    private let lookups = Mutex(Lookups())
    /// Whether there are numbers of so many digits that a double may not keep them.
    private let longNumbers = Atomic(LongNumbers.unknown)

    private init(handle: Handle, text: [UInt8], root: kser_json_element, hasStandIns: Bool) {
        self.handle = handle
        self.text = text
        self.root = root
        self.hasStandIns = hasStandIns
    }

    deinit { kser_json_document_free(handle.pointer) }

    /// The document of a text.
    ///
    /// - Throws: ``KserError`` of kind `internal` for what is not JSON, with the reason and the place in the text.
    static func read(_ text: [UInt8], maximumDepth: Int = JSON.defaultMaximumDepth) throws -> JSONDocument {
        if let document = parse(text, maximumDepth: maximumDepth) { return document }
        let readable = try JSONText.withStandIns(text, maximumDepth: maximumDepth)
        guard let document = parse(readable, of: text, maximumDepth: maximumDepth) else {
            throw KserError.internal("The JSON text could not be read: memory is short")
        }
        return document
    }

    /// The document of a text, or nil when simdjson refuses it: ``JSONText`` knows why, or copes.
    static func parse(
        _ bytes: [UInt8],
        of text: [UInt8]? = nil,
        maximumDepth: Int = JSON.defaultMaximumDepth
    ) -> JSONDocument? {
        let depth = min(max(maximumDepth, 1), JSON.maximumDepth)
        var root = kser_json_element()
        let pointer = bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return OpaquePointer?.none }
            // The spare room of the array is allocated, which is all that simdjson's padding asks for.
            return kser_json_parse(start, buffer.count, bytes.capacity - bytes.count, depth, &root)
        }
        guard let pointer else { return nil }
        return JSONDocument(
            handle: Handle(pointer: pointer),
            text: text ?? bytes,
            root: root,
            hasStandIns: text != nil
        )
    }

    /// Whether there may be a number that is a double for simdjson and means something else.
    var mayHaveLongNumbers: Bool {
        if hasStandIns { return true }
        var known = longNumbers.load(ordering: .relaxed)
        if known == .unknown {
            known = text.withUnsafeBufferPointer { $0.hasLongNumber } ? .present : .absent
            longNumbers.store(known, ordering: .relaxed)
        }
        return known == .present
    }

    /// The index of an object with many keys, made once.
    func index(of object: kser_json_element) -> JSONIndex {
        let place = ElementPlace(object)
        return lookups.withLock { lookups in
            if let index = lookups.indexes[place] { return index }
            let index = JSONIndex(of: object)
            lookups.indexes[place] = index
            return index
        }
    }

    /// The digits of a number that is a double for simdjson. The first time, the whole text is searched for such numbers.
    func digits(of number: kser_json_element) -> NumberText {
        let start = lookups.withLock { lookups in
            let numbers = lookups.numbers ?? NumberPlaces(root, in: text)
            lookups.numbers = numbers
            return numbers[number]
        }
        return NumberText(startingAt: start ?? text.count, in: text)
    }
}

/// Which element of a document it is.
struct ElementPlace: Hashable {
    private let a, b: UInt64

    init(_ element: kser_json_element) {
        a = element.a
        b = element.b
    }
}

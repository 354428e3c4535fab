import CSimdjson
import Synchronization

/// A text that simdjson has parsed: immutable, read by any thread, its buffers reused by later documents.
///
/// It is sendable because nothing in it changes after the parse but the cache of indexes, which is under a lock, and
/// because reading simdjson's elements writes nothing.
package final class JSONDocument: Sendable {
    /// Points to a parser and its buffers, which this document alone has; they are bound to no thread.
    fileprivate struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private let handle: Handle
    let root: kser_json_element
    private let indexes = Mutex<[ElementPlace: JSONIndex]>([:])

    private init(handle: Handle, root: kser_json_element) {
        self.handle = handle
        self.root = root
    }

    deinit { kser_json_document_give(handle.pointer) }

    /// The document of a text, or nil when simdjson refuses it: ``JSONText`` knows why, or copes.
    static func parse(_ bytes: [UInt8]) -> JSONDocument? {
        guard let pointer = kser_json_document_take() else { return nil }
        var root = kser_json_element()
        let isParsed = bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            // The spare room of the array is allocated, which is all that simdjson's padding asks for.
            return kser_json_parse(pointer, start, buffer.count, bytes.capacity - bytes.count, &root)
        }
        guard isParsed else {
            kser_json_document_give(pointer)
            return nil
        }
        return JSONDocument(handle: Handle(pointer: pointer), root: root)
    }

    /// The index of an object with many keys, made once.
    func index(of object: kser_json_element) -> JSONIndex {
        let place = ElementPlace(a: object.a, b: object.b)
        return indexes.withLock { indexes in
            if let index = indexes[place] { return index }
            let index = JSONIndex(of: object)
            indexes[place] = index
            return index
        }
    }
}

private struct ElementPlace: Hashable {
    let a, b: UInt64
}

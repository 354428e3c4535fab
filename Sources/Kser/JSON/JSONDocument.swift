import CSimdjson
import Synchronization

/// A text that simdjson has parsed: immutable, read by any thread, its buffers reused by later documents.
///
/// It is sendable because nothing in it changes after the parse but the cache of indexes, which is under a lock, and
/// because reading simdjson's elements writes nothing.
package final class JSONDocument: Sendable {
    /// Points to a parser and its buffers. One document or the pool has it, never two; C++ code keeps no thread-bound state.
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

    deinit { JSONDocumentPool.shared.give(handle) }

    /// The document of a text, or nil when simdjson refuses it: ``JSONText`` knows why, or copes.
    static func parse(_ bytes: [UInt8]) -> JSONDocument? {
        guard let handle = JSONDocumentPool.shared.take() else { return nil }
        var root = kser_json_element()
        let isParsed = bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            // The spare room of the array is allocated, which is all that simdjson's padding asks for.
            return kser_json_parse(handle.pointer, start, buffer.count, bytes.capacity - bytes.count, &root)
        }
        guard isParsed else {
            JSONDocumentPool.shared.give(handle)
            return nil
        }
        return JSONDocument(handle: handle, root: root)
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

/// Parsers and buffers at rest.
///
/// Their sum is bounded: a document's buffers take about 16 bytes for each byte of text that they have room for.
private struct JSONDocumentPool: Sendable {
    static let shared = Self()

    private struct State {
        var handles: [JSONDocument.Handle] = []
        var capacity = 0
    }

    private static let largest = 64 << 10
    private static let bound = 1 << 20

    private final class Shelf: Sendable { let state = Mutex(State()) }
    private let shelf = Shelf()

    func take() -> JSONDocument.Handle? {
        let pooled = shelf.state.withLock { state in
            let handle = state.handles.popLast()
            if let handle { state.capacity -= kser_json_document_capacity(handle.pointer) }
            return handle
        }
        return pooled ?? kser_json_document_new().map { JSONDocument.Handle(pointer: $0) }
    }

    func give(_ handle: JSONDocument.Handle) {
        let capacity = kser_json_document_capacity(handle.pointer)
        let isKept = shelf.state.withLock { state in
            guard capacity <= Self.largest, state.capacity + capacity <= Self.bound else { return false }
            state.handles.append(handle)
            state.capacity += capacity
            return true
        }
        if !isKept { kser_json_document_free(handle.pointer) }
    }
}

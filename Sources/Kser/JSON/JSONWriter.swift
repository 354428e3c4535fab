import CSimdjson

/// Writes JSON as Python's `json.dumps` does by default: `", "` and `": "` between tokens, ASCII only.
package struct JSONWriter: ~Copyable {
    private var buffer: ByteBuffer
    private var depth = 0
    /// Writes floats for kser's own decoder: with as many digits as another type may want of a double.
    var writesAllDigits = false

    package init(capacity: Int = 1024) { buffer = ByteBuffer(capacity: capacity) }

    /// What has been written.
    package var bytes: [UInt8] { buffer.bytes }

    /// Writes any value.
    package mutating func write(_ value: JSON) throws(Failure) {
        switch value {
        case .null: write(literal: "null")
        case .bool(let truth): write(literal: truth ? "true" : "false")
        case .integer(let number): write(integer: number)
        case .unsigned(let number): write(integer: number)
        case .bigInteger(let digits): write(plain: digits)
        case .double(let number): try write(number)
        case .string(let text): write(text)
        case .array(let elements): try write(elements)
        case .object(let object): try write(object)
        }
    }

    /// Writes an object.
    package mutating func write(_ object: JSONObject) throws(Failure) {
        switch object.storage {
        case .empty:
            try write(JSONEntries())
        case .entries(let entries):
            try write(entries)
        case .undecoded(let node):
            try withExtendedLifetime(node.document) { () throws(Failure) in
                try write(fields: node.element, of: node.document)
            }
        }
    }

    private mutating func write(_ entries: JSONEntries) throws(Failure) {
        try enter(isEmpty: entries.list.isEmpty)
        write(literal: "{")
        var isFirst = true
        for entry in entries.list {
            if !isFirst { write(literal: ", ") }
            isFirst = false
            write(entry.key)
            write(literal: ": ")
            do { try write(entry.value) } catch { throw error.inside(entry.key) }
        }
        write(literal: "}")
        depth -= 1
    }

    private mutating func write(_ elements: [JSON]) throws(Failure) {
        try enter(isEmpty: elements.isEmpty)
        write(literal: "[")
        for (index, element) in elements.enumerated() {
            if index > 0 { write(literal: ", ") }
            do { try write(element) } catch { throw error.inside("\(index)") }
        }
        write(literal: "]")
        depth -= 1
    }

    /// Empty objects and lists do not count, as for the parsers.
    private mutating func enter(isEmpty: Bool) throws(Failure) {
        depth += 1
        if depth > (isEmpty ? 1 : 0) + JSON.maximumDepth {
            throw Failure(reason: "Nested deeper than \(JSON.maximumDepth) levels.")
        }
    }

    /// Writes a number as Python's `repr(float)` does.
    mutating func write(_ number: Double) throws(Failure) {
        guard number.isFinite else {
            throw Failure(reason: "Special numeric values (nan or infinity) are not permitted.")
        }
        write(finite: number)
    }

    private mutating func write(finite number: Double) {
        write(plain: writesAllDigits ? number.allDigits : number.pythonDescription)
    }

    private mutating func write(integer: some BinaryInteger) {
        if 0 <= integer, integer < 10 {
            buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: integer))
        } else {
            write(plain: integer.description)
        }
    }

    /// Writes text that needs no escape.
    mutating func write(literal: StaticString) {
        buffer.append(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    private mutating func write(plain text: String) {
        var text = text
        text.withUTF8 { buffer.append($0) }
    }

    /// Writes text in quotes.
    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { buffer.appendQuoted($0) }
    }
}

extension JSONWriter {
    /// Writes a value from where it was parsed.
    private mutating func write(_ element: kser_json_element, of document: JSONDocument) throws(Failure) {
        if let text = element.text { return buffer.appendQuoted(text.buffer) }
        if let number = element.int64 { return write(integer: number) }
        switch element.type {
        case .null, .string, .int64: write(literal: "null")
        case .bool: write(literal: element.bool == true ? "true" : "false")
        case .uint64: write(integer: element.uint64 ?? 0)
        case .double: try write(document.number(element))
        case .array:
            try enter(isEmpty: element.count == 0)
            write(literal: "[")
            var isFirst = true
            try element.forEachElement { (element) throws(Failure) in
                if !isFirst { write(literal: ", ") }
                isFirst = false
                try write(element, of: document)
            }
            write(literal: "]")
            depth -= 1
        case .object: try write(fields: element, of: document)
        }
    }

    private mutating func write(fields object: kser_json_element, of document: JSONDocument) throws(Failure) {
        try enter(isEmpty: object.count == 0)
        write(literal: "{")
        var isFirst = true
        let isUnique = document.keyCount(of: object) == object.count
        var written: Set<ScalarKey> = []
        try object.forEachField { (key, value) throws(Failure) in
            var value = value
            if !isUnique {
                // The last value counts, in the place of the first.
                guard written.insert(ScalarKey(key.string)).inserted else { return }
                value = document.find(key.string, in: object) ?? value
            }
            if !isFirst { write(literal: ", ") }
            isFirst = false
            buffer.appendQuoted(key.buffer)
            write(literal: ": ")
            try write(value, of: document)
        }
        write(literal: "}")
        depth -= 1
    }
}

extension JSONWriter {
    /// Writes a message, its fields in kser's order.
    package mutating func write(_ message: Message) throws(Failure) {
        write(literal: #"{"uuid": "#)
        write(message.uuid)
        write(literal: #", "entrypoint": "#)
        write(message.entrypoint)
        write(literal: #", "params": "#)
        do { try write(message.params) } catch { throw error.inside("params") }
        write(literal: #", "result": "#)
        do { try write(message.result) } catch { throw error.inside("result") }
        write(literal: #", "metadata": "#)
        do { try write(message.metadata) } catch { throw error.inside("metadata") }
        write(literal: "}")
    }

    /// Writes a result, its fields in kser's order.
    package mutating func write(_ result: ExecutionResult) throws(Failure) {
        write(literal: #"{"uuid": "#)
        write(result.uuid)
        write(literal: #", "retcode": "#)
        write(integer: result.retcode)
        write(literal: #", "stdout": "#)
        write(result.stdout)
        write(literal: #", "stderr": "#)
        write(result.stderr)
        write(literal: #", "retval": "#)
        do { try write(result.retval) } catch { throw error.inside("retval") }
        write(literal: "}")
    }
}

extension JSONWriter {
    /// Why a value is not JSON, and where it stands.
    package struct Failure: Error {
        let reason: String
        private var path: [String] = []

        init(reason: String) { self.reason = reason }

        func inside(_ key: String) -> Failure {
            var outer = self
            outer.path.append(key)
            return outer
        }

        /// kser's error, which names the place.
        package var kserError: KserError {
            let place = path.reversed().shortenedPath.joined(separator: ".")
            return .validation("Invalid value '\(place)': \(reason)", extra: [place: [.string(reason)]])
        }
    }
}

import CSimdjson

/// Where the numbers of a document that are doubles for simdjson begin in its text.
struct NumberPlaces {
    private var starts: [ElementPlace: Int] = [:]

    /// Walks through the document and its text side by side.
    init(_ root: kser_json_element, in text: [UInt8]) {
        text.withUnsafeBufferPointer { text in
            var numbers = NumberStarts(text: text)
            var open: [(cursor: kser_json_cursor, isObject: Bool)] = []
            var element: kser_json_element? = root
            var key = kser_json_text()
            var value = kser_json_element()
            while true {
                switch element?.type {
                case .array: open.append((kser_json_start(element ?? root), false))
                case .object: open.append((kser_json_start(element ?? root), true))
                case .double: starts[ElementPlace(element ?? root)] = numbers.next()
                case .int64, .uint64: _ = numbers.next()
                case .null, .bool, .string, nil: break
                }
                guard let last = open.indices.last else { return }
                let isMore =
                    open[last].isObject
                    ? kser_json_next_field(&open[last].cursor, &key, &value)
                    : kser_json_next_element(&open[last].cursor, &value)
                element = isMore ? value : nil
                if !isMore { open.removeLast() }
            }
        }
    }

    subscript(element: kser_json_element) -> Int? { starts[ElementPlace(element)] }
}

/// The places in a valid text where numbers begin.
private struct NumberStarts {
    let text: UnsafeBufferPointer<UInt8>
    private var place = 0

    init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

    mutating func next() -> Int? {
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "\""):
                skipString()
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let start = place
                while place < text.count, text[place].isPartOfNumber { place += 1 }
                return start
            default:
                place += 1
            }
        }
        return nil
    }

    private mutating func skipString() {
        place += 1
        while place < text.count, text[place] != UInt8(ascii: "\"") {
            place += text[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        place += 1
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether there is a number of 16 bytes or more. In strings they count too, for only one byte of 16 is looked at first.
    var hasLongNumber: Bool {
        let size = 16
        for place in stride(from: size - 1, to: count, by: size) where self[place].isPartOfNumber {
            var start = place
            var end = place + 1
            while start > 0, place - start < size, self[start - 1].isPartOfNumber { start -= 1 }
            while end < count, end - start < size, self[end].isPartOfNumber { end += 1 }
            if end - start >= size { return true }
        }
        return false
    }
}

extension UInt8 {
    /// Whether a number of JSON may have this byte.
    var isPartOfNumber: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

import Kser

extension Record {
    /// The number of the sampled trace that the header `traceparent` names (W3C), in hexadecimal digits; nil when there is
    /// none, or several.
    var traceID: String? {
        let parents = headers.filter { $0.name.lowercased() == "traceparent" }
        guard parents.count == 1, let value = parents[0].value else { return nil }
        let parts = value.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[1].count == 32, parts[3].count == 2,
            let flags = UInt8(String(decoding: parts[3], as: UTF8.self), radix: 16), flags & 1 == 1
        else { return nil }
        return String(decoding: parts[1], as: UTF8.self)
    }
}

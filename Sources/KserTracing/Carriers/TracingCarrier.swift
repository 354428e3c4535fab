import Kser
import OpenTracing

/// `metadata.tracing`: the W3C headers as an object.
enum TracingCarrier {
    static let key = ReservedMetadata.tracing

    /// The headers of a carrier.
    static func map(_ carrier: JSONObject) -> TextMap {
        TextMap(carrier.compactMap { entry in entry.value.string.map { (entry.key, $0) } })
    }

    /// The carrier of what a tracer wrote: `traceparent` says who the span is, whatever the tracer's own way to do so.
    static func carrier(_ map: TextMap, _ identity: TraceIdentity?) -> JSON {
        var carrier = JSONObject()
        if let identity { carrier[TraceIdentity.Header.traceparent] = .string(identity.traceparent) }
        for (key, value) in map.entries
        where identity == nil || !TraceIdentity.Header.all.contains(key.lowercased()) {
            carrier[key] = .string(value)
        }
        return .object(carrier)
    }
}

public import OpenTracing

/// Writes and reads contexts in one format.
public protocol ContextCodec: Sendable {
    /// Writes a context into a carrier.
    ///
    /// - Throws: `OpenTracingError` of code `invalidCarrier` when the carrier is of the wrong kind.
    func inject(_ context: JaegerSpanContext, into carrier: inout Carrier) throws(OpenTracingError)

    /// Reads a context from a carrier.
    ///
    /// - Returns: the context, or nil when there is none.
    /// - Throws: `OpenTracingError` of code `invalidCarrier` when the carrier is of the wrong kind, `spanContextCorrupted`
    ///   when what it holds is malformed.
    func extract(from carrier: Carrier) throws(OpenTracingError) -> JaegerSpanContext?
}

extension Carrier {
    /// The map of keys and values.
    var map: TextMap {
        get throws(OpenTracingError) {
            guard case .text(let map) = self else { throw .invalidCarrier("a map is needed, not bytes") }
            return map
        }
    }

    /// The bytes.
    var bytes: [UInt8] {
        get throws(OpenTracingError) {
            guard case .binary(let bytes) = self else { throw .invalidCarrier("bytes are needed, not a map") }
            return bytes
        }
    }
}

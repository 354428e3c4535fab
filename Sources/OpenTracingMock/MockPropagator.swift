public import OpenTracing

/// Writes and reads contexts of mock spans in one format.
public protocol MockPropagator: Sendable {
    /// Writes a context into a carrier.
    ///
    /// - Throws: `OpenTracingError` when the carrier is of the wrong kind.
    func inject(_ context: MockSpanContext, into carrier: inout Carrier) throws(OpenTracingError)

    /// Reads a context from a carrier.
    ///
    /// - Throws: `OpenTracingError` when the carrier is of the wrong kind, or what it holds is malformed.
    func extract(from carrier: Carrier) throws(OpenTracingError) -> MockSpanContext?
}

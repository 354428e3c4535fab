extension Tracer {
    /// Writes a context into a dictionary.
    ///
    /// - Throws: ``OpenTracingError`` when the tracer does not know the format or the format is binary.
    public func inject(
        _ context: any SpanContext,
        as format: Format,
        into carrier: inout [String: String]
    ) throws(OpenTracingError) {
        var written = Carrier.text(TextMap())
        try inject(context, as: format, into: &written)
        guard case .text(let map) = written else { return }
        for (key, value) in map.entries { carrier[key] = value }
    }

    /// Writes a context into a list of keys and values, such as headers.
    ///
    /// - Throws: ``OpenTracingError`` when the tracer does not know the format or the format is binary.
    public func inject(
        _ context: any SpanContext,
        as format: Format,
        into carrier: inout TextMap
    ) throws(OpenTracingError) {
        var written = Carrier.text(carrier)
        try inject(context, as: format, into: &written)
        if case .text(let map) = written { carrier = map }
    }

    /// Appends a context to bytes.
    ///
    /// - Throws: ``OpenTracingError`` when the tracer does not know the format or the format is one of text.
    public func inject(
        _ context: any SpanContext,
        as format: Format = .binary,
        into carrier: inout [UInt8]
    ) throws(OpenTracingError) {
        var written = Carrier.binary(carrier)
        try inject(context, as: format, into: &written)
        if case .binary(let bytes) = written { carrier = bytes }
    }

    /// Reads a context from a dictionary.
    ///
    /// - Returns: the context, or nil when there is none.
    /// - Throws: ``OpenTracingError`` when the format is unknown or binary, or the context is malformed.
    public func extract(_ format: Format, from carrier: [String: String]) throws(OpenTracingError) -> (any SpanContext)?
    {
        try extract(format, from: .text(TextMap(carrier.lazy.map { ($0.key, $0.value) })))
    }

    /// Reads a context from a list of keys and values, such as headers.
    ///
    /// - Returns: the context, or nil when there is none.
    /// - Throws: ``OpenTracingError`` when the format is unknown or binary, or the context is malformed.
    public func extract(_ format: Format, from carrier: TextMap) throws(OpenTracingError) -> (any SpanContext)? {
        try extract(format, from: .text(carrier))
    }

    /// Reads a context from bytes.
    ///
    /// - Returns: the context, or nil when there is none.
    /// - Throws: ``OpenTracingError`` when the format is unknown or one of text, or the context is malformed.
    public func extract(_ format: Format = .binary, from carrier: [UInt8]) throws(OpenTracingError) -> (
        any SpanContext
    )? {
        try extract(format, from: .binary(carrier))
    }
}

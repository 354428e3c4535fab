/// What a span starts with.
public struct SpanOptions: Sendable {
    /// The context of the parent; it goes before ``references``.
    public var parent: (any SpanContext)?
    /// The relations to other spans.
    public var references: [Reference]
    /// The first tags, in their order.
    public var tags: Fields
    /// When the span began, in seconds since the epoch; nil means now.
    public var startTime: Double?
    /// Whether the active span is not to become the parent.
    public var ignoresActiveSpan: Bool

    /// Makes options.
    public init(
        parent: (any SpanContext)? = nil,
        references: [Reference] = [],
        tags: Fields = Fields(),
        startTime: Double? = nil,
        ignoresActiveSpan: Bool = false
    ) {
        self.parent = parent
        self.references = references
        self.tags = tags
        self.startTime = startTime
        self.ignoresActiveSpan = ignoresActiveSpan
    }
}

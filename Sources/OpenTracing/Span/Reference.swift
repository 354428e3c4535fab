/// How a span relates to another one.
public struct Reference: Sendable {
    /// The kind of a relation; others than the two standard ones are allowed.
    public struct Kind: RawRepresentable, Sendable, Hashable {
        /// The kind's name.
        public var rawValue: String

        /// Makes a kind of a name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The other span waits for this one.
        public static let childOf = Kind(rawValue: "child_of")
        /// The other span caused this one and does not wait for it.
        public static let followsFrom = Kind(rawValue: "follows_from")
    }

    /// The kind of the relation.
    public var kind: Kind
    /// The context of the other span. A reference without one is ignored, so that what a tracer extracted can be used
    /// whether or not there was something.
    public var context: (any SpanContext)?

    /// Makes a reference.
    public init(_ kind: Kind, _ parent: (any SpanParent)?) {
        self.kind = kind
        context = parent?.parentContext
    }

    /// A reference to a span that waits for this one.
    public static func childOf(_ parent: (any SpanParent)?) -> Reference { Reference(.childOf, parent) }

    /// A reference to a span that does not wait for this one.
    public static func followsFrom(_ parent: (any SpanParent)?) -> Reference { Reference(.followsFrom, parent) }
}

/// The library that made spans.
public struct OTLPScope: Sendable, Hashable {
    /// The library's name.
    public var name: String
    /// The library's version.
    public var version: String

    /// Makes a scope; an empty one is not sent.
    public init(name: String = "", version: String = "") {
        self.name = name
        self.version = version
    }

    var isEmpty: Bool { name.isEmpty && version.isEmpty }
}

/// The form in which a context travels. Formats are equal by name, and tracers may know others than these three.
public struct Format: RawRepresentable, Sendable, Hashable {
    /// The format's name.
    public var rawValue: String

    /// Makes a format of a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Opaque bytes, appended to what is there.
    public static let binary = Format(rawValue: "binary")
    /// Keys and values of any characters.
    public static let textMap = Format(rawValue: "text_map")
    /// Keys and values that HTTP headers may hold: keys of any case, values escaped where needed.
    public static let httpHeaders = Format(rawValue: "http_headers")

    /// Whether it is one of the three that each tracer knows.
    public var isStandard: Bool { self == .binary || self == .textMap || self == .httpHeaders }
}

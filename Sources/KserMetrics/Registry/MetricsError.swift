/// Why a metric, or the endpoint that shows them, cannot be had; what was wrong and how to mend it.
public struct MetricsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for programs.
    public var code: Code
    /// What went wrong, for people.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

extension MetricsError {
    /// What went wrong, for programs. The set is open.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The code's name.
        public var description: String { rawValue }

        /// A name of a metric or a label that Prometheus does not take.
        public static let name = Self(rawValue: "name")
        /// A metric of this name is registered already.
        public static let duplicate = Self(rawValue: "duplicate")
        /// Not one value for each label.
        public static let labels = Self(rawValue: "labels")
        /// Bounds of a histogram that are not finite, or not in rising order.
        public static let bounds = Self(rawValue: "bounds")
        /// A setting that cannot be right.
        public static let configuration = Self(rawValue: "configuration")
        /// The address or the port cannot be listened on.
        public static let listening = Self(rawValue: "listening")
    }
}

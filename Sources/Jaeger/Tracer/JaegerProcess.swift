public import OpenTracing

/// What all spans of a process share.
public struct JaegerProcess: Sendable, Equatable {
    /// The service's name.
    public var serviceName: String
    /// What tells the process from others.
    public var tags: Fields

    /// Makes a process.
    public init(serviceName: String, tags: Fields) {
        self.serviceName = serviceName
        self.tags = tags
    }
}

extension JaegerProcess {
    /// The client's name and version, as Jaeger shows it.
    public static let clientVersion = "Swift-1.0.0"

    /// The client's name as HTTP servers are told.
    static let userAgent = "Jaeger-\(clientVersion.replacing("-", with: "/"))"

    /// The tags of this process: the client's version, those given, and the address and name of the machine where those
    /// given do not say them.
    static func tags(_ given: Fields, machine: Machine) -> Fields {
        var tags: Fields = ["jaeger.version": clientVersion]
        for tag in given { tags[tag.key] = tag.value }
        for (key, value) in [("ip", machine.address), ("hostname", machine.name)] {
            guard let value, tags[key] == nil || tags[key] == .null else { continue }
            tags[key] = .string(value)
        }
        return tags
    }
}

import Foundation

/// Whether metrics are shown, and where.
public struct MetricsConfiguration: Sendable, Hashable {
    /// Whether there are metrics at all.
    public var isEnabled: Bool
    /// The address that the endpoint listens on: IPv4, IPv6 or `localhost`; `0.0.0.0` is all of the machine's.
    public var address: String
    /// The port that it listens on; 0 takes a free one.
    public var port: UInt16

    /// Makes a configuration; the defaults are kser's.
    public init(isEnabled: Bool = true, address: String = "0.0.0.0", port: UInt16 = 8888) {
        self.isEnabled = isEnabled
        self.address = address
        self.port = port
    }

    /// kser's variables: `KSER_METRICS_ENABLED` (metrics are on when it is `yes`, and off otherwise),
    /// `KSER_METRICS_ADDRESS` and `KSER_METRICS_PORT`.
    ///
    /// - Parameter environment: the variables; nil means the process's own.
    /// - Returns: the configuration.
    /// - Throws: ``MetricsError/Code/configuration`` for a port that is none.
    public static func fromEnvironment(_ environment: [String: String]? = nil) throws(MetricsError) -> Self {
        let environment = environment ?? ProcessInfo.processInfo.environment
        var configuration = Self(isEnabled: environment["KSER_METRICS_ENABLED"] == "yes")
        if let address = environment["KSER_METRICS_ADDRESS"] { configuration.address = address }
        guard let text = environment["KSER_METRICS_PORT"] else { return configuration }
        guard let port = UInt16(text) else {
            throw MetricsError(
                .configuration,
                "KSER_METRICS_PORT=\(text): it is no port; give a number from 0 to 65535"
            )
        }
        configuration.port = port
        return configuration
    }
}

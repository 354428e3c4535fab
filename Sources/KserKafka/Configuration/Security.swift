/// How a client proves itself to the brokers and protects what it sends. Neither is the default.
public struct Security: Sendable, Hashable {
    /// Encrypt connections with TLS; nil sends in clear.
    public var tls: TLS?
    /// Authenticate with SASL; nil is anonymous, or by the TLS certificate.
    public var sasl: SASL?

    /// Makes a security setting.
    public init(tls: TLS? = nil, sasl: SASL? = nil) {
        self.tls = tls
        self.sasl = sasl
    }

    /// In clear and anonymous.
    public static let none = Security()

    /// TLS settings. Files are in PEM format.
    public struct TLS: Sendable, Hashable {
        /// The file or directory of CA certificates to trust; nil takes the system's.
        public var caLocation: String?
        /// The file of the client's certificate; nil presents none.
        public var certificateLocation: String?
        /// The file of the client's private key.
        public var keyLocation: String?
        /// The passphrase of the private key.
        public var keyPassword: Secret?
        /// Whether the broker's certificate must be of the broker's host name; default true.
        public var verifiesHostname = true

        /// TLS with the system's certificates unless told otherwise.
        public init(
            caLocation: String? = nil,
            certificateLocation: String? = nil,
            keyLocation: String? = nil,
            keyPassword: Secret? = nil
        ) {
            self.caLocation = caLocation
            self.certificateLocation = certificateLocation
            self.keyLocation = keyLocation
            self.keyPassword = keyPassword
        }
    }

    /// SASL settings.
    public struct SASL: Sendable, Hashable {
        /// How the password is shown to the broker.
        public struct Mechanism: RawRepresentable, Sendable, Hashable {
            /// Kafka's name of the mechanism.
            public let rawValue: String

            /// A mechanism by Kafka's name.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// The password itself: use it with TLS only.
            public static let plain = Self(rawValue: "PLAIN")
            /// SCRAM with SHA-256.
            public static let scramSHA256 = Self(rawValue: "SCRAM-SHA-256")
            /// SCRAM with SHA-512.
            public static let scramSHA512 = Self(rawValue: "SCRAM-SHA-512")
        }

        /// How the password is shown to the broker.
        public var mechanism: Mechanism
        /// The user.
        public var username: String
        /// The password; it is never printed.
        public var password: Secret

        /// Makes a SASL setting.
        public init(_ mechanism: Mechanism, username: String, password: Secret) {
            self.mechanism = mechanism
            self.username = username
            self.password = password
        }
    }
}

/// Text that is never printed: it shows as `***` in descriptions, dumps and interpolations.
public struct Secret: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The text itself.
    public let text: String

    /// Keeps a text secret.
    public init(_ text: String) { self.text = text }

    /// Keeps a literal secret.
    public init(stringLiteral value: String) { text = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `***`.
    public var description: String { "***" }
    /// `***`.
    public var debugDescription: String { "***" }
    /// A mirror that shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Which names of settings hold secrets.
package enum SecretNames {
    private static let marks = ["password", "secret", "token", "passphrase", "key.pem", "jaas", "oauthbearer.config"]

    package static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return marks.contains { name.contains($0) }
    }
}

import Kser

/// The error of keys and sealed messages: what is wrong, and what was expected.
///
/// Its text never holds a key, a payload or any part of them.
public struct CryptoError: Error, Sendable, Hashable {
    /// What went wrong, for programs.
    public var code: Code
    /// What went wrong, for people.
    public var message: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: what went wrong.
    ///   - message: the same for people; neither key nor payload belongs there.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension CryptoError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}

extension CryptoError: OpeningFailure {
    package var openingFailure: String { code.rawValue }
}

extension CryptoError {
    /// kser's error for it: internal, with this error as its cause.
    var kserError: KserError { KserError(.internal, message, cause: self) }
}

extension CryptoError {
    /// What went wrong, for programs. The set is open.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The code's name.
        public var description: String { rawValue }

        /// No key was given: the environment variable is not set.
        public static let missingKey = Self(rawValue: "missing-key")
        /// The key is not base64, or has not as many bytes as a key has.
        public static let invalidKey = Self(rawValue: "invalid-key")
        /// The id of a key is not acceptable, or taken.
        public static let invalidKeyID = Self(rawValue: "invalid-key-id")
        /// The ring has no key of this id.
        public static let unknownKey = Self(rawValue: "unknown-key")
        /// The envelope is not one that any key opens: bad base64, or a nonce or data of impossible length.
        public static let malformed = Self(rawValue: "malformed")
        /// No key opens the envelope: it was sealed with another one, or changed since.
        public static let notAuthentic = Self(rawValue: "not-authentic")
        /// The message was sealed for another topic, or holds another entrypoint than its envelope says.
        public static let wrongContext = Self(rawValue: "wrong-context")
        /// The envelope is larger than allowed.
        public static let tooLarge = Self(rawValue: "too-large")
        /// libsodium does not start, or has no memory for a key.
        public static let unavailable = Self(rawValue: "unavailable")
    }
}

extension String {
    /// The start of a foreign text, short enough for an error.
    var shortened: String { String(unicodeScalars.prefix(64)) }
}

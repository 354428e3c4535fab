/// The error of every ``OperationStore``: what went wrong, where, and what to do about it.
public struct StoreError: Error, Sendable {
    /// What went wrong, for programs. The set is open.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let rawValue: String

        /// A code of this name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The code's name.
        public var description: String { rawValue }

        /// The store cannot be reached: the server is down, the file cannot be opened.
        public static let unavailable = Self(rawValue: "unavailable")
        /// Another process kept the store locked for longer than the time set.
        public static let locked = Self(rawValue: "locked")
        /// The disk, or the store's share of it, is full.
        public static let full = Self(rawValue: "full")
        /// The user may not do this with the store.
        public static let denied = Self(rawValue: "denied")
        /// The store's tables are of a newer version of Kser than this one.
        public static let newerSchema = Self(rawValue: "newerSchema")
        /// The store is damaged, or is no store at all.
        public static let corrupt = Self(rawValue: "corrupt")
        /// An operation or a task of this uuid is in the store already.
        public static let duplicate = Self(rawValue: "duplicate")
        /// The store has no such operation.
        public static let notFound = Self(rawValue: "notFound")
        /// The operation's status does not allow this.
        public static let invalidTransition = Self(rawValue: "invalidTransition")
        /// What was asked for is stored, and whether it was also sent is not known.
        public static let undecided = Self(rawValue: "undecided")
        /// A setting cannot be used.
        public static let configuration = Self(rawValue: "configuration")
        /// The store is closed.
        public static let closed = Self(rawValue: "closed")
        /// The store refused for another reason.
        public static let failed = Self(rawValue: "failed")
    }

    /// What went wrong, for programs.
    public var code: Code
    /// What went wrong and what to do, for people.
    public var message: String
    /// The store: a file or a server.
    public var store: String?
    /// The uuid of the operation that the error is about.
    public var uuid: String?
    /// The store's own code: SQLite's extended result code or PostgreSQL's SQLSTATE.
    public var nativeCode: String?

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        store: String? = nil,
        uuid: String? = nil,
        nativeCode: String? = nil
    ) {
        self.code = code
        self.message = message
        self.store = store
        self.uuid = uuid
        self.nativeCode = nativeCode
    }
}

extension StoreError: Hashable {}

extension StoreError: ClientError {
    /// Whether the same may be done later, by this program: the store is away, locked, full or closed.
    public var isPassing: Bool { [.unavailable, .locked, .full, .closed].contains(code) }

    /// What is a newer program's to record waits for it.
    package var verdict: SendVerdict { isPassing || code == .newerSchema ? .transient : .refused }
}

extension StoreError: CustomStringConvertible {
    /// `code: message (store, operation, native code)`.
    public var description: String {
        let context = [store, uuid.map { "operation \($0)" }, nativeCode.map { "code \($0)" }].compactMap { $0 }
        return "\(code): \(message)" + (context.isEmpty ? "" : " (\(context.joined(separator: ", ")))")
    }
}

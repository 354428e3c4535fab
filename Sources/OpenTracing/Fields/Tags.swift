/// The standard keys of tags, and the values of ``spanKind``.
public enum Tags {
    /// The library that made the span.
    public static let component = "component"
    /// The database's name.
    public static let databaseInstance = "db.instance"
    /// The statement sent to the database.
    public static let databaseStatement = "db.statement"
    /// The kind of database, such as `sql` or `redis`.
    public static let databaseType = "db.type"
    /// Who is logged in at the database.
    public static let databaseUser = "db.user"
    /// Whether the operation failed: `true`.
    public static let error = "error"
    /// The HTTP method, such as `GET`.
    public static let httpMethod = "http.method"
    /// The HTTP status, a number.
    public static let httpStatusCode = "http.status_code"
    /// The URL of the request.
    public static let httpURL = "http.url"
    /// The topic or queue of a message.
    public static let messageBusDestination = "message_bus.destination"
    /// The other side's address, in any form.
    public static let peerAddress = "peer.address"
    /// The other side's host name.
    public static let peerHostname = "peer.hostname"
    /// The other side's IPv4 address.
    public static let peerHostIPv4 = "peer.ipv4"
    /// The other side's IPv6 address.
    public static let peerHostIPv6 = "peer.ipv6"
    /// The other side's port.
    public static let peerPort = "peer.port"
    /// The other side's service name.
    public static let peerService = "peer.service"
    /// Above 0: the trace is to be kept; 0: it is not.
    public static let samplingPriority = "sampling.priority"
    /// The service's name.
    public static let service = "service"
    /// Which side of a call this is: one of the values below.
    public static let spanKind = "span.kind"

    /// The ``spanKind`` of who takes messages.
    public static let spanKindConsumer = "consumer"
    /// The ``spanKind`` of who sends messages.
    public static let spanKindProducer = "producer"
    /// The ``spanKind`` of who calls.
    public static let spanKindRPCClient = "client"
    /// The ``spanKind`` of who is called.
    public static let spanKindRPCServer = "server"
}

/// The standard keys of log fields.
public enum LogFields {
    /// The kind of the error.
    public static let errorKind = "error.kind"
    /// The error itself.
    public static let errorObject = "error.object"
    /// What happened, in a word.
    public static let event = "event"
    /// What happened, for people.
    public static let message = "message"
    /// Where it happened.
    public static let stack = "stack"
}

/// An error of a transport's client.
package protocol ClientError: Error {
    /// Whether the client is of no further use.
    var isFatal: Bool { get }
}

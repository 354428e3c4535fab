/// The error that a sealed message could not be opened. What it tells holds neither key nor payload.
package protocol OpeningFailure: Error {
    /// Why, in one word of a small set.
    var openingFailure: String { get }
}

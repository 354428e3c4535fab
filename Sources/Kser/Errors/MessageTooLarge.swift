/// The cause of errors about what has more bytes than are let in.
struct MessageTooLarge: Error {}

extension KserError {
    /// The error of something that has more bytes than are let in.
    static func tooLarge(_ thing: String, _ count: Int, limit: Int? = nil) -> KserError {
        let bound = limit.map { "at most \($0) are let in" } ?? "more than its reader lets in"
        return KserError(.validation, "\(thing) has \(count) bytes: \(bound)", cause: MessageTooLarge())
    }
}

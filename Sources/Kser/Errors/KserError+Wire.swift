import Foundation

extension KserError {
    /// The wire form: an object of `code`, `name`, `message`, `msgid`, `extra` and `stack`.
    public var json: JSON {
        [
            "code": .integer(Int64(code)),
            "name": .string(name),
            "message": .string(message),
            "msgid": .string(msgid),
            "extra": .object(extra),
            "stack": stack.map(JSON.string) ?? .null,
        ]
    }

    /// Any error as kser's: kser errors as they are, all else an internal error with the error's own text.
    ///
    /// - Parameters:
    ///   - error: the error.
    ///   - extra: the extra of the new error; a kser error keeps its own.
    public init(converting error: any Error, extra: JSONObject = [:]) {
        if let error = error as? KserError {
            self = error
        } else {
            self.init(.internal, Self.text(of: error), extra: extra, cause: error)
        }
    }

    private static func text(of error: any Error) -> String {
        if let text = (error as? any LocalizedError)?.errorDescription { return text }
        return "\(error)"
    }
}

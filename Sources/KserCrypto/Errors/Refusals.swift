public import Kser

extension Dispatch.Refusal {
    /// The message was sealed with a key that the ring does not have: the record's header names it, and no other opens it.
    public static let unknownKey = Self(.unknownKey)
    /// No key opens the message: it was changed since, or sealed with another key that no header names.
    public static let notAuthentic = Self(.notAuthentic)
    /// The message was sealed for another topic, or holds another entrypoint than its envelope says.
    public static let wrongContext = Self(.wrongContext)

    private init(_ code: CryptoError.Code) { self.init(rawValue: code.rawValue) }

    /// The refusal of an error that has one of its own.
    init?(_ error: any Error) {
        guard let code = ((error as? KserError)?.cause as? CryptoError)?.code,
            [.unknownKey, .notAuthentic, .wrongContext, .tooLarge].contains(code)
        else { return nil }
        self.init(code)
    }
}

extension DeadLetterReason {
    /// The message was sealed with a key that the ring does not have: the record's header names it, and no other opens it.
    public static let unknownKey = Self(.unknownKey)
    /// No key opens the message: it was changed since, or sealed with another key that no header names.
    public static let notAuthentic = Self(.notAuthentic)
    /// The message was sealed for another topic, or holds another entrypoint than its envelope says.
    public static let wrongContext = Self(.wrongContext)

    private init(_ refusal: Dispatch.Refusal) { self.init(rawValue: refusal.rawValue) }
}

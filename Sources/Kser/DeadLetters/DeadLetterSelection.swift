/// Which dead letters are meant. A property that is nil means any; a letter has to meet all of them.
///
///     var selection = DeadLetterSelection()
///     selection.entrypoints = ["mail.send"]
///     selection.reasons = [.exhausted]
public struct DeadLetterSelection: Sendable, Hashable {
    /// The messages' uuids.
    public var uuids: Set<String>?
    /// The messages' entrypoints.
    public var entrypoints: Set<String>?
    /// Why they are dead letters.
    public var reasons: Set<DeadLetterReason>?
    /// The partitions of the dead-letter topic.
    public var partitions: Set<Int32>?
    /// The offsets in the dead-letter topic, in each partition.
    public var offsets: Range<Int64>?
    /// The first offset to look at by partition, such as ``ReplayReport/ends`` of an earlier replay.
    public var from: [Int32: Int64] = [:]
    /// The offset to end before by partition, such as ``DeadLetters/ends(of:)`` before the first of several replays; nil,
    /// the default, is where each partition ends now.
    public var until: [Int32: Int64]?

    /// Selects every letter.
    public init() {}

    /// Every letter.
    public static let all = DeadLetterSelection()

    /// The letters with these uuids.
    public static func uuids(_ uuids: String...) -> DeadLetterSelection {
        var selection = DeadLetterSelection()
        selection.uuids = Set(uuids)
        return selection
    }

    /// The part of a partition's offsets that is to be looked at.
    func part(of held: Range<Int64>, partition: Int32) -> Range<Int64> {
        if let partitions, !partitions.contains(partition) { return held.upperBound..<held.upperBound }
        var part = held.clamped(to: offsets ?? held)
        if let until {
            let end = max(part.lowerBound, until[partition] ?? part.lowerBound)
            part = part.clamped(to: part.lowerBound..<end)
        }
        if let first = from[partition] { part = part.clamped(to: min(first, part.upperBound)..<part.upperBound) }
        return part
    }

    func contains(_ letter: DeadLetter) -> Bool {
        if let uuids, letter.uuid.map(uuids.contains(exactly:)) != true { return false }
        if let entrypoints, letter.entrypoint.map(entrypoints.contains(exactly:)) != true { return false }
        if let reasons, letter.reason.map(reasons.contains) != true { return false }
        return true
    }
}

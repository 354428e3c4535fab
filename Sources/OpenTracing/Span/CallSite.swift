/// A place in the source, for the `stack` of errors: Swift errors bring no trace of their own.
public struct CallSite: Sendable, CustomStringConvertible {
    /// The file, as `Module/File.swift`.
    public let file: StaticString
    /// The line.
    public let line: UInt

    /// Makes a place.
    @inlinable
    public init(file: StaticString = #fileID, line: UInt = #line) {
        self.file = file
        self.line = line
    }

    /// `Module/File.swift:12`
    public var description: String { "\(file):\(line)" }
}

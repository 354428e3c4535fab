extension JSON: CustomStringConvertible {
    /// How deep objects and lists may nest in all: deeper values are not written, and no text that is deeper is read.
    public static var maximumDepth: Int { 512 }

    /// How deep objects and lists of a text may nest in all unless the reader is told otherwise. The decoding of types that
    /// nest as deep fits the stack of half a megabyte that some threads have.
    public static var defaultMaximumDepth: Int { 128 }

    /// The value as kser writes it.
    ///
    /// Unlike ``bytes()`` it cannot fail: what is not JSON, such as an infinite number, gives `null`.
    public var description: String { (try? String(decoding: bytes(), as: UTF8.self)) ?? "null" }

    /// The value as kser writes it, ASCII only.
    ///
    /// - Throws: ``KserError`` of kind `validation` for a number that is not finite, and for values nested too deep.
    public func bytes() throws -> [UInt8] {
        var writer = JSONWriter()
        do { try writer.write(self) } catch { throw error.kserError }
        return writer.bytes
    }
}

extension JSONObject: CustomStringConvertible {
    /// The object as kser writes it; see ``JSON/description``.
    public var description: String { JSON.object(self).description }
}

/// One thing that every implementation of a protocol has to do, as a test of its own:
///
///     @Test(arguments: ScopeManagerContract { MyManager() }.checks)
///     func contract(_ check: ContractCheck) async throws { try await check.run() }
public struct ContractCheck: Sendable, CustomStringConvertible {
    /// The check's name.
    public let name: String
    private let body: @Sendable () async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// Runs the check.
    ///
    /// - Throws: ``ContractViolation``, or the error of the implementation.
    public func run() async throws { try await body() }

    /// The check's name.
    public var description: String { name }
}

/// An implementation does not do what its protocol demands.
public struct ContractViolation: Error, CustomStringConvertible {
    /// What is wrong, and where it was seen.
    public let description: String
}

/// Fails the check unless the condition holds.
func expect(
    _ condition: Bool,
    _ demand: @autoclosure () -> String,
    file: StaticString = #fileID,
    line: UInt = #line
) throws(ContractViolation) {
    if !condition { throw ContractViolation(description: "\(demand()) (\(file):\(line))") }
}

/// Fails the check unless both are the same object, or nil.
func expect(
    _ left: AnyObject?,
    is right: AnyObject?,
    _ demand: @autoclosure () -> String,
    file: StaticString = #fileID,
    line: UInt = #line
) throws(ContractViolation) {
    try expect(left === right, demand(), file: file, line: line)
}

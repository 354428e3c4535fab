/// The time in which a span is active.
public protocol Scope: AnyObject, Sendable {
    /// The span that is active.
    var span: any Span { get }
    /// The manager that made the scope.
    var manager: any ScopeManager { get }

    /// Ends the scope: the span that was active before is so again, and the scope's own is finished if that was asked
    /// for.
    ///
    /// Nothing at all happens when the scope is not the active one: when it was closed before, when a scope opened later
    /// is still open, or when another task than the one that opened it calls.
    func close()
}

extension Scope {
    /// Runs the body and closes the scope. An error that the body throws is recorded on the span before and thrown on.
    ///
    /// It is for scopes opened with ``ScopeManager/activate(_:finishOnClose:)``: the closure forms do so by themselves.
    public func run<R, E: Error>(
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) async throws(E) -> R
    ) async throws(E) -> R {
        defer { close() }
        do throws(E) {
            return try await body(self)
        } catch {
            span.recordError(error, at: CallSite(file: file, line: line))
            throw error
        }
    }

    /// Runs the body and closes the scope. An error that the body throws is recorded on the span before and thrown on.
    public func run<R, E: Error>(
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Scope) throws(E) -> R
    ) throws(E) -> R {
        defer { close() }
        do throws(E) {
            return try body(self)
        } catch {
            span.recordError(error, at: CallSite(file: file, line: line))
            throw error
        }
    }
}

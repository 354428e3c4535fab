extension Span {
    /// Notes on the span that an error ended its operation: the tag `error`, and one log of `event`, `message`,
    /// `error.object`, `error.kind` and `stack`, in this order.
    ///
    /// - Parameters:
    ///   - error: the error.
    ///   - site: what to give as the `stack`.
    public func recordError(_ error: any Error, at site: CallSite) {
        guard isRecording else { return }
        setTag(Tags.error, to: .bool(true))
        var fields = Fields()
        fields.append(LogFields.event, .string("error"))
        fields.append(LogFields.message, .string(String(describing: error)))
        fields.append(LogFields.errorObject, .object(error))
        fields.append(LogFields.errorKind, .object(type(of: error)))
        fields.append(LogFields.stack, .string(site.description))
        log(fields, at: nil)
    }

    /// Runs the body and finishes the span. An error that the body throws is recorded before and thrown on.
    ///
    /// The span is not active meanwhile; `Tracer.activate`
    /// makes it so.
    public func run<R, E: Error>(
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Span) async throws(E) -> R
    ) async throws(E) -> R {
        defer { finish() }
        do throws(E) {
            return try await body(self)
        } catch {
            recordError(error, at: CallSite(file: file, line: line))
            throw error
        }
    }

    /// Runs the body and finishes the span. An error that the body throws is recorded before and thrown on.
    public func run<R, E: Error>(
        file: StaticString = #fileID,
        line: UInt = #line,
        _ body: (any Span) throws(E) -> R
    ) throws(E) -> R {
        defer { finish() }
        do throws(E) {
            return try body(self)
        } catch {
            recordError(error, at: CallSite(file: file, line: line))
            throw error
        }
    }
}

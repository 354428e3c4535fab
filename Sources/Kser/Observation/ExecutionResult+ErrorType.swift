extension ExecutionResult {
    /// What metrics call the failure: its `retcode` when that is a status of HTTP, as kser's are, else OpenTelemetry's
    /// `_OTHER`. Any number may come from a handler, and each value of a label is a series.
    package var errorType: String { (100...599).contains(retcode) ? String(retcode) : "_OTHER" }
}

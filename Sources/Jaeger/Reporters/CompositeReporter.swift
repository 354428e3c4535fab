/// Hands spans to several reporters, in order.
public struct CompositeReporter: Reporter {
    private let reporters: [any Reporter]

    /// Makes a reporter.
    public init(_ reporters: any Reporter...) { self.reporters = reporters }

    /// Makes a reporter.
    public init(_ reporters: [any Reporter]) { self.reporters = reporters }

    /// Tells each what all spans share.
    public func setProcess(_ process: JaegerProcess) {
        for reporter in reporters { reporter.setProcess(process) }
    }

    /// Hands a span to each.
    public func report(_ span: JaegerSpan) {
        for reporter in reporters { reporter.report(span) }
    }

    /// Closes all, side by side.
    public func close() async {
        await withDiscardingTaskGroup { group in
            for reporter in reporters { group.addTask { await reporter.close() } }
        }
    }
}

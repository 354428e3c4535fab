import Kser
import OpenTracing

/// Which steps of an execution become spans, and what they are called.
public struct SpanConvention: Sendable, Hashable {
    enum Style: Sendable { case standard, documented, former, instrumentation }

    let style: Style

    /// `DiceRoll - Execute`: few names, so that a backend can tell how long each usually takes.
    public static let standard = SpanConvention(style: .standard)
    /// `DiceRoll[uuid] - Execute`, as kser's documents show it.
    public static let documented = SpanConvention(style: .documented)
    /// `dice.DiceRoll`, one span for each entrypoint and none for sending or processing messages, as kser 0.8.22 makes
    /// them.
    ///
    /// Other than there, a carrier without a name or flags is good enough, traced tasks check their parameters and run
    /// `preRun`, and the tags that go out with ``TraceCarriers/parentSpan`` are without the sampler's, which are the
    /// tracer's own.
    public static let former = SpanConvention(style: .former)
    /// `DiceRoll.unsafe_execute` and one for each hook, and none for sending or processing messages, as
    /// `opentelemetry-instrumentation-kser` makes them.
    ///
    /// Other than there, `onerror` is under the span that failed, not in a trace of its own, hooks are siblings whatever the
    /// metadata hold, and entrypoints that are no tasks run as well.
    public static let instrumentation = SpanConvention(style: .instrumentation)
}

/// What a span begins with.
struct SpanPlan: Sendable {
    var name: String
    /// What the span stands for.
    var step: ExecutionStep
    /// Asked for when they are kept: of most traces, nothing is.
    var tags: @Sendable () -> Fields
}

extension SpanConvention {
    /// The span of a step; nil when it has none.
    func plan(for step: ExecutionStep, of execution: Execution) -> SpanPlan? {
        switch style {
        case .standard: title(step).map { plan(execution.name + $0, step, execution) }
        case .documented: title(step).map { plan("\(execution.name)[\(execution.uuid)]\($0)", step, execution) }
        case .former: step.phase == .execute ? plan(execution.path, step, execution) : nil
        case .instrumentation: trigger(step).map { instrumentation($0, step, execution) }
        }
    }

    /// The span of an operation's launch; nil when it has none.
    func launchPlan(of execution: Execution) -> SpanPlan? {
        let name: String
        switch style {
        case .standard: name = execution.name
        case .documented: name = "\(execution.name)[\(execution.uuid)]"
        case .former, .instrumentation: return nil
        }
        return plan(name + " - Launch", .operation(.execute), execution)
    }

    /// Whether sending and processing messages have spans too.
    var hasMessagingSpans: Bool { style == .standard || style == .documented }

    /// Whether a span that an error ended tells of the result that came of it.
    var showsFailures: Bool { style == .standard || style == .documented }

    private func plan(_ name: String, _ step: ExecutionStep, _ execution: Execution) -> SpanPlan {
        SpanPlan(name: name, step: step) {
            step.phase == .execute ? ["uuid": execution.uuid, "entrypoint": execution.path] : Fields()
        }
    }

    /// The documents' name of a step, behind that of what runs.
    private func title(_ step: ExecutionStep) -> String? {
        switch step.phase {
        case .execute: " - Execute"
        case .preRun: " - PreRun"
        case .run: " - Run"
        case .postRun: " - PostRun"
        case .onSuccess, .onError, .build, .computeTasks, .preBuild, .finalize: nil
        }
    }

    /// Python's name of the method that the instrumentation wraps.
    private func trigger(_ step: ExecutionStep) -> String? {
        switch step.phase {
        case .execute: "unsafe_execute"
        case .preRun: step.isOperation ? nil : "prerun"
        case .run: "run"
        case .postRun: step.isOperation ? nil : "postrun"
        case .onSuccess: "onsuccess"
        case .onError: "onerror"
        case .build: "build"
        case .computeTasks: "compute_tasks"
        case .preBuild: "prebuild"
        case .finalize: "finalize"
        }
    }

    private func instrumentation(_ trigger: String, _ step: ExecutionStep, _ execution: Execution) -> SpanPlan {
        let kind = step.kind
        return SpanPlan(name: "\(execution.name).\(trigger)", step: step) {
            [
                "kser.hostname": Machine.hostName,
                "kser.version": Machine.kserVersion,
                "\(kind).uuid": execution.uuid,
                "\(kind).status": execution.status.rawValue,
                "\(kind).name": execution.path,
                "\(kind).trigger": trigger,
                "\(kind).metadata": execution.metadata.redacted.description,
            ]
        }
    }
}

extension ExecutionStep {
    var phase: ExecutionPhase {
        switch self {
        case .entrypoint(let phase), .operation(let phase): phase
        }
    }

    var isOperation: Bool {
        if case .operation = self { true } else { false }
    }

    /// What the instrumentation's tags begin with.
    var kind: String { isOperation ? "oper" : "task" }
}

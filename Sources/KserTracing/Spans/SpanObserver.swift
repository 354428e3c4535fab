import Kser
import OpenTracing

/// Makes spans of executions and their steps.
final class SpanObserver: ExecutionObserver {
    let tracing: Tracing

    init(_ tracing: Tracing) { self.tracing = tracing }

    func observe<Value: Sendable>(
        _ step: ExecutionStep,
        of execution: Execution,
        _ body: () async throws -> Value
    ) async throws -> Value {
        if step.phase == .execute || step.phase == .build { return try await observeWhole(step, execution, body) }
        guard let plan = tracing.convention.plan(for: step, of: execution) else { return try await body() }
        let span = tracing.startSpan(plan)
        return try await tracing.tracer.activate(span, finishOnClose: true) { _ in
            let value = try await body()
            tracing.tag(span, step, with: value)
            return value
        }
    }

    /// What other steps happen in: the outermost one continues the trace that the execution's metadata names.
    private func observeWhole<Value: Sendable>(
        _ step: ExecutionStep,
        _ execution: Execution,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let enclosing = SpanFrame.current
        // Without a span the context stays where it is, for the step that has one.
        guard let plan = tracing.convention.plan(for: step, of: execution) else { return try await body() }
        // Before the tags are asked for, so that none shows it.
        let upstream = enclosing == nil ? tracing.takeContext(of: execution) : nil
        if tracing.carriers.contains(.parentSpan), let enclosing {
            execution.metadata[ParentSpanCarrier.key] = tracing.parentSpan(of: enclosing)
        }
        let span = tracing.startSpan(plan, childOf: upstream)
        return try await tracing.within(span, plan) { frame in
            do {
                let value = try await body()
                if !frame.hasFailed || tracing.convention.showsFailures { tracing.tag(span, step, with: value) }
                return value
            } catch {
                if !frame.hasFailed { tagThrown(error, frame, execution) }
                throw error
            }
        }
    }

    func observe(_ error: any Error, in execution: Execution) {
        guard let frame = SpanFrame.current else { return }
        frame.fail(with: error)
        if tracing.convention == .former { tracing.tag(frame.span, frame.step, with: execution.result) }
    }

    private func tagThrown(_ error: any Error, _ frame: SpanFrame, _ execution: Execution) {
        switch tracing.convention.style {
        case .standard, .documented:
            tracing.tag(frame.span, frame.step, with: execution.result + .from(error, uuid: execution.uuid))
        case .former: tracing.tag(frame.span, frame.step, with: execution.result)
        case .instrumentation: break
        }
    }

    func observeArrival(of execution: Execution, _ body: () async -> Dispatch) async -> Dispatch {
        guard let record = execution.record, tracing.convention.hasMessagingSpans else { return await body() }
        let arrival = Arrival(execution, record, tracing)
        let plan = arrival.plan
        let span = arrival.startSpan(plan)
        return await tracing.within(span, plan) { frame in
            // Before, since the answer is written in the body.
            arrival.answer(in: frame)
            let dispatch = await body()
            MessagingTags.note(dispatch, on: span)
            return dispatch
        }
    }
}

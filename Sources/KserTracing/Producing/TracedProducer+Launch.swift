package import Kser
import OpenTracing

extension TracedProducer: LaunchTracer {
    /// Runs the launch of an operation in a span `Launch`. The spans `send` of all its tasks are its children, whoever sends
    /// them and when. A convention without such spans has them continue the active one.
    package func traceLaunch<Value: Sendable>(
        of execution: Execution,
        _ body: (OperationTrace?) async throws -> Value
    ) async throws -> Value {
        if tracing.tracer.isNoop { return try await body(nil) }
        guard let plan = tracing.convention.launchPlan(of: execution) else {
            let message = tracing.written(into: Message(entrypoint: execution.path))
            return try await body(OperationTrace(metadata: message.metadata))
        }
        let span = tracing.start(plan, continuing: execution.metadata, [])
        return try await tracing.within(span, plan) { frame in
            let context = tracing.outgoing(frame)
            let headers = context.headers(besideSealed: codec.isSealing)
            var trace = OperationTrace(headers: tracing.carriers.contains(.headers) ? headers : [])
            context.write(tracing.carriers, to: &trace.metadata)
            return try await body(trace)
        }
    }
}

#if DistributedTracing
import ServiceContextModule
import Tracing

/// Makes spans of executions and their steps.
final class ServiceSpanObserver: ExecutionObserver {
    /// The innermost span of an execution.
    @TaskLocal private static var current: (any Span)?

    private let tracing: DistributedTracing

    init(_ tracing: DistributedTracing) { self.tracing = tracing }

    func observe<Value: Sendable>(
        _ step: ExecutionStep,
        of execution: Execution,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard let title = step.title else { return try await body() }
        let isWhole = step.isWhole
        var context = ServiceContext.current ?? .topLevel
        if isWhole, Self.current == nil {
            let upstream = takeContext(of: execution)
            if !upstream.isEmpty { context = upstream }
        }
        return try await within("\(execution.name) - \(title)", context, .internal) { span in
            if isWhole {
                span.attributes["uuid"] = execution.uuid
                span.attributes["entrypoint"] = execution.path
            }
            let value = try await body()
            if isWhole, let result = value as? ExecutionResult { Self.note(result, step, on: span) }
            return value
        }
    }

    func observe(_ error: any Error, in execution: Execution) {
        Self.current?.recordError(error)
        Self.current?.setStatus(SpanStatus(code: .error))
    }

    func observeArrival(of execution: Execution, _ body: () async -> Dispatch) async -> Dispatch {
        guard let record = execution.record else { return await body() }
        let hadCarrier = execution.metadata.contains(DistributedTracing.metadataKey)
        // What is active around the worker has no part in it.
        return await within("process \(record.topic)", takeContext(of: execution), .consumer) { span in
            span.attributes.merge(attributes(of: execution, record))
            let context = span.context
            execution.replyHeaders = { [tracing] in tracing.headers(of: context, besideSealed: $0) }
            if hadCarrier { execution.metadata[DistributedTracing.metadataKey] = tracing.carrier(of: context) }
            let dispatch = await body()
            Self.note(dispatch, on: span)
            return dispatch
        }
    }

    /// The context in the execution's record, or else in its metadata, which it is taken out of.
    private func takeContext(of execution: Execution) -> ServiceContext {
        let metadata = execution.metadata
        if metadata.contains(DistributedTracing.metadataKey) {
            execution.metadata[DistributedTracing.metadataKey] = nil
        }
        return tracing.context(in: execution.record?.headers ?? [], metadata)
    }

    private func within<Value, E: Error>(
        _ name: String,
        _ context: ServiceContext,
        _ kind: SpanKind,
        _ body: (any Span) async throws(E) -> Value
    ) async throws(E) -> Value {
        let span = tracing.tracer.startAnySpan(name, context: context, ofKind: kind)
        defer { span.end() }
        let outcome = await ServiceContext.$current.withValue(span.context) {
            await Self.$current.withValue(span) { () async -> Result<Value, E> in
                do throws(E) {
                    return .success(try await body(span))
                } catch {
                    span.recordError(error)
                    span.setStatus(SpanStatus(code: .error))
                    return .failure(error)
                }
            }
        }
        return try outcome.get()
    }
}

extension ServiceSpanObserver {
    private func attributes(of execution: Execution, _ record: Record) -> SpanAttributes {
        var attributes = DistributedTracing.attributes("process", topic: record.topic)
        attributes["messaging.destination.partition.id"] = String(record.partition)
        attributes["messaging.kafka.offset"] = record.offset
        if let group = tracing.consumerGroup { attributes["messaging.consumer.group.name"] = group }
        attributes["messaging.message.id"] = execution.uuid
        attributes["kser.entrypoint"] = execution.path
        attributes["kser.attempt"] = Int64(execution.attempt)
        return attributes
    }

    private static func note(_ result: ExecutionResult, _ step: ExecutionStep, on span: any Span) {
        span.attributes["result.retcode"] = Int64(result.retcode)
        if step.isOperation ? result.retcode != 0 : !result.isSuccess { span.setStatus(SpanStatus(code: .error)) }
    }

    private static func note(_ dispatch: Dispatch, on span: any Span) {
        span.attributes["kser.retcode"] = Int64(dispatch.result.retcode)
        if dispatch.result.isSuccess { return }
        span.setStatus(SpanStatus(code: .error))
        let name = dispatch.refusal?.rawValue ?? dispatch.result.retval["error"]?["name"]?.string
        span.attributes["error.type"] = name ?? String(dispatch.result.retcode)
    }
}

extension DistributedTracing {
    /// What a span of an operation on a topic begins with: OpenTelemetry's conventions for messaging.
    static func attributes(_ operation: String, topic: String) -> SpanAttributes {
        [
            "messaging.system": "kafka", "messaging.operation.name": .string(operation),
            "messaging.operation.type": .string(operation), "messaging.destination.name": .string(topic),
        ]
    }
}

extension ExecutionStep {
    /// The documents' name of a step that has a span.
    fileprivate var title: String? {
        switch phase {
        case .execute: "Execute"
        case .preRun: "PreRun"
        case .run: "Run"
        case .postRun: "PostRun"
        case .onSuccess, .onError, .build, .computeTasks, .preBuild, .finalize: nil
        }
    }

    fileprivate var isWhole: Bool { phase == .execute }

    fileprivate var isOperation: Bool {
        if case .operation = self { true } else { false }
    }

    private var phase: ExecutionPhase {
        switch self {
        case .entrypoint(let phase), .operation(let phase): phase
        }
    }
}
#endif

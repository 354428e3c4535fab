import Kser
import OpenTracing

extension Tracing {
    /// Notes on a span how what it stands for ended, when that has a result.
    func tag(_ span: any Span, _ step: ExecutionStep, with value: some Any) {
        guard span.isRecording, let result = value as? ExecutionResult else { return }
        switch convention.style {
        case .instrumentation:
            let kind = step.kind
            span.setTag("\(kind).retcode", result.retcode)
            span.setTag("\(kind).stdout", result.stdout)
            span.setTag("\(kind).stderr", result.stderr)
        case .standard, .documented, .former:
            guard step.phase == .execute else { return }
            span.setTag("result.uuid", result.uuid)
            span.setTag("result.retcode", result.retcode)
            span.setTag("result.stdout", result.stdout)
            span.setTag("result.stderr", result.stderr)
            span.setTag("result.retval", flattened(result.retval).description)
            let isFailure = step.isOperation ? result.retcode != 0 : !result.isSuccess
            if isFailure { span.setTag(Tags.error, true) }
        }
    }

    /// The object with objects inside it flattened, `{"a": {"b": 1}}` to `{"a_b": 1}`, without the excluded keys.
    func flattened(_ object: JSONObject) -> JSONObject {
        var flat = JSONObject()
        flatten(object, under: "", SecretWords(excludedWords), into: &flat)
        return flat
    }

    private func flatten(
        _ object: JSONObject,
        under prefix: String,
        _ excluded: SecretWords,
        into flat: inout JSONObject
    ) {
        for (key, value) in object {
            let key = prefix + key
            if excluded.match(key) { continue }
            if case .object(let inner) = value, !inner.isEmpty {
                flatten(inner, under: key + "_", excluded, into: &flat)
            } else {
                flat[key] = without(excluded, value)
            }
        }
    }

    private func without(_ excluded: SecretWords, _ value: JSON) -> JSON {
        switch value {
        case .object(let object):
            .object(
                JSONObject(
                    object.filter { !excluded.match($0.key) }.map { (key: $0.key, value: without(excluded, $0.value)) }
                )
            )
        case .array(let elements): .array(elements.map { without(excluded, $0) })
        default: value
        }
    }
}

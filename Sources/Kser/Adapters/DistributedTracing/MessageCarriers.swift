#if DistributedTracing
import ServiceContextModule
import Tracing

/// Reads and writes what a tracer propagates in the headers of records.
private struct HeaderCarrier: Extractor, Injector {
    func extract(key: String, from headers: [Record.Header]) -> String? {
        let key = key.lowercased()
        let value = headers.last { $0.name.lowercased() == key }?.value
        return value.flatMap { String(validating: $0, as: UTF8.self) }
    }

    func inject(_ value: String, forKey key: String, into headers: inout [Record.Header]) {
        headers.append(Record.Header(key, text: value))
    }
}

/// Reads what a tracer propagates in a message's metadata.
private struct MetadataCarrier: Extractor {
    func extract(key: String, from carrier: JSONObject) -> String? {
        let key = key.lowercased()
        return carrier.first { $0.key.lowercased() == key }?.value.string
    }
}

extension DistributedTracing {
    /// Where the context stands in a message's metadata.
    static let metadataKey = "tracing"

    /// The context that a record or a message carries, the headers' first; empty when there is none.
    func context(in headers: [Record.Header], _ metadata: JSONObject) -> ServiceContext {
        var context = ServiceContext.topLevel
        if !headers.isEmpty { tracer.extract(headers, into: &context, using: HeaderCarrier()) }
        if context.isEmpty, let carrier = metadata[Self.metadataKey]?.object {
            tracer.extract(carrier, into: &context, using: MetadataCarrier())
        }
        return context
    }

    /// Headers that carry a context. Beside a sealed message there are none: the message itself carries it.
    func headers(of context: ServiceContext, besideSealed isSealed: Bool = false) -> [Record.Header] {
        var headers: [Record.Header] = []
        if !isSealed { tracer.inject(context, into: &headers, using: HeaderCarrier()) }
        return headers
    }

    /// The headers with a context, in place of an older one.
    func headers(
        of context: ServiceContext,
        beside others: [Record.Header],
        isSealed: Bool
    ) -> [Record.Header] {
        let own = headers(of: context, besideSealed: isSealed)
        let names = Set(own.map { $0.name.lowercased() })
        return others.filter { !names.contains($0.name.lowercased()) } + own
    }

    /// The object that carries a context in metadata; nil when the tracer propagates nothing.
    func carrier(of context: ServiceContext) -> JSON? {
        let headers = headers(of: context)
        if headers.isEmpty { return nil }
        return .object(
            JSONObject(
                headers.map { header in
                    (key: header.name, value: .string(String(decoding: header.value ?? [], as: UTF8.self)))
                }
            )
        )
    }
}
#endif

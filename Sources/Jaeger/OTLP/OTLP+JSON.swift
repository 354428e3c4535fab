import Foundation
import OpenTracing

/// The request as JSON: ids in hexadecimal digits, numbers of 64 bits as texts.
package enum OTLPJSON {
    /// The body of a request.
    package static func request(
        _ spans: [SpanRecord],
        of process: JaegerProcess,
        scope: OTLPScope = OTLPScope()
    ) -> [UInt8] {
        let resource = OTLPResource(process)
        var writer = JSONWriter()
        writer.object { root in
            root.list("resourceSpans", [resource]) { resourceSpans, resource in
                if !resource.attributes.isEmpty {
                    resourceSpans.object("resource") { write(resource.attributes, to: &$0) }
                }
                resourceSpans.list("scopeSpans", [scope]) { scopeSpans, scope in
                    if !scope.isEmpty {
                        scopeSpans.object("scope") { member in
                            member.member("name", scope.name)
                            member.member("version", scope.version)
                        }
                    }
                    scopeSpans.list("spans", spans) { write(OTLPSpan($1), to: &$0) }
                }
            }
        }
        return writer.bytes
    }

    private static func write(_ span: OTLPSpan, to writer: inout JSONWriter) {
        writer.member("traceId", Hexadecimal.padded(span.traceID, to: 32))
        writer.member("spanId", Hexadecimal.padded(span.spanID, to: 16))
        writer.member("traceState", span.traceState)
        if span.parentID != 0 { writer.member("parentSpanId", Hexadecimal.padded(span.parentID, to: 16)) }
        writer.member("name", span.name)
        writer.member("kind", number: span.kind.rawValue)
        write(span.start, as: "startTimeUnixNano", to: &writer)
        write(span.end, as: "endTimeUnixNano", to: &writer)
        write(span.attributes, to: &writer)
        writer.member("droppedAttributesCount", number: span.dropped.tags)
        writer.list("events", span.events) { writer, event in
            write(event.time, as: "timeUnixNano", to: &writer)
            writer.member("name", event.name)
            write(event.attributes, to: &writer)
        }
        writer.member("droppedEventsCount", number: span.dropped.logs)
        writer.list("links", span.links) { writer, link in
            writer.member("traceId", Hexadecimal.padded(link.traceID, to: 32))
            writer.member("spanId", Hexadecimal.padded(link.spanID, to: 16))
            write(link.attributes, to: &writer)
        }
        writer.member("droppedLinksCount", number: span.dropped.references)
        guard span.status != .unset || !span.statusMessage.isEmpty else { return }
        writer.object("status") { status in
            status.member("message", span.statusMessage)
            status.member("code", number: span.status.rawValue)
        }
    }

    private static func write(_ time: UInt64, as key: String, to writer: inout JSONWriter) {
        if time != 0 { writer.member(key, String(time)) }
    }

    private static func write(_ attributes: Fields, to writer: inout JSONWriter) {
        writer.list("attributes", attributes) { writer, attribute in
            writer.member("key", attribute.key)
            writer.object("value") { value in
                switch attribute.value {
                case .bool(let content): value.member("boolValue", content)
                case .integer(let content): value.member("intValue", String(content))
                case .double(let content): value.member("doubleValue", content)
                case .binary(let content):
                    value.member("bytesValue", Data(content).base64EncodedString(), always: true)
                case .string, .null, .object: value.member("stringValue", attribute.value.text, always: true)
                }
            }
        }
    }
}

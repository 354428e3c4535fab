import OpenTracing

/// Numbers are those of opentelemetry-proto.
package enum OTLPProtobuf {
    /// The body of a request.
    package static func request(
        _ spans: [SpanRecord],
        of process: JaegerProcess,
        scope: OTLPScope = OTLPScope()
    ) -> [UInt8] {
        let resource = OTLPResource(process)
        var writer = ProtobufWriter()
        writer.message(1) { resourceSpans in
            if !resource.attributes.isEmpty {
                resourceSpans.message(1) { write(resource.attributes, as: 1, to: &$0) }
            }
            resourceSpans.message(2) { scopeSpans in
                if !scope.isEmpty {
                    scopeSpans.message(1) { message in
                        message.field(1, bytes: scope.name.utf8)
                        message.field(2, bytes: scope.version.utf8)
                    }
                }
                for span in spans {
                    scopeSpans.message(2) { write(OTLPSpan(span), to: &$0) }
                }
            }
        }
        return writer.bytes
    }

    private static func write(_ span: OTLPSpan, to writer: inout ProtobufWriter) {
        writer.field(1, bytes: bytes(span.traceID))
        writer.field(2, bytes: bytes(span.spanID))
        writer.field(3, bytes: span.traceState.utf8)
        if span.parentID != 0 { writer.field(4, bytes: bytes(span.parentID)) }
        writer.field(5, bytes: span.name.utf8)
        writer.field(6, varint: UInt64(span.kind.rawValue))
        writer.field(7, fixed64: span.start)
        writer.field(8, fixed64: span.end)
        write(span.attributes, as: 9, to: &writer)
        writer.field(10, varint: UInt64(span.dropped.tags))
        for event in span.events {
            writer.message(11) { message in
                message.field(1, fixed64: event.time)
                message.field(2, bytes: event.name.utf8)
                write(event.attributes, as: 3, to: &message)
            }
        }
        writer.field(12, varint: UInt64(span.dropped.logs))
        for link in span.links {
            writer.message(13) { message in
                message.field(1, bytes: bytes(link.traceID))
                message.field(2, bytes: bytes(link.spanID))
                write(link.attributes, as: 4, to: &message)
            }
        }
        writer.field(14, varint: UInt64(span.dropped.references))
        guard span.status != .unset || !span.statusMessage.isEmpty else { return }
        writer.message(15) { message in
            message.field(2, bytes: span.statusMessage.utf8)
            message.field(3, varint: UInt64(span.status.rawValue))
        }
    }

    private static func write(_ attributes: Fields, as number: Int, to writer: inout ProtobufWriter) {
        for attribute in attributes {
            writer.message(number) { pair in
                pair.field(1, bytes: attribute.key.utf8)
                pair.message(2) { write(attribute.value, to: &$0) }
            }
        }
    }

    private static func write(_ value: FieldValue, to writer: inout ProtobufWriter) {
        switch value {
        case .bool(let value): writer.field(2, varint: value ? 1 : 0, always: true)
        case .integer(let value): writer.field(3, varint: UInt64(bitPattern: value), always: true)
        case .double(let value): writer.field(4, fixed64: value.bitPattern, always: true)
        case .binary(let value): writer.field(7, bytes: value, always: true)
        case .string, .null, .object: writer.field(1, bytes: value.text.utf8, always: true)
        }
    }

    private static func bytes(_ id: some FixedWidthInteger) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: id)
        return bytes
    }
}

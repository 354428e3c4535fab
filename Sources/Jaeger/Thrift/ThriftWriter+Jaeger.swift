import OpenTracing

/// The structures of Jaeger's `jaeger.thrift`.
extension ThriftWriter {
    /// A batch.
    package mutating func writeBatch(process: JaegerProcess, spans: [SpanRecord]) {
        writeBatch(
            process: Self.bytes { $0.write(process) },
            spans: spans.map { span in Self.bytes { $0.write(span) } }
        )
    }

    /// A batch of parts that are written already.
    mutating func writeBatch(process: [UInt8], spans: [[UInt8]]) {
        structure { batch in
            batch.field(1, .structure)
            batch.bytes += process
            batch.field(2, spans) { $0.bytes += $1 }
        }
    }

    package mutating func write(_ process: JaegerProcess) {
        structure { structure in
            structure.field(1, process.serviceName)
            structure.field(2, process.tags) { $0.write($1) }
        }
    }

    package mutating func write(_ span: SpanRecord) {
        structure { structure in
            structure.field(1, Int64(truncatingIfNeeded: span.traceID))
            structure.field(2, Int64(truncatingIfNeeded: span.traceID >> 64))
            structure.field(3, Int64(bitPattern: span.spanID))
            structure.field(4, Int64(bitPattern: span.parentID))
            structure.field(5, span.operationName)
            if let references = span.references { structure.field(6, references) { $0.write($1) } }
            structure.field(7, Int32(span.flags.rawValue))
            structure.field(8, span.startTime)
            structure.field(9, span.duration)
            structure.field(10, span.tags) { $0.write($1) }
            structure.field(11, span.logs) { writer, log in
                writer.structure { structure in
                    structure.field(1, log.timestamp)
                    structure.field(2, log.fields) { $0.write($1) }
                }
            }
        }
    }

    private mutating func write(_ reference: SpanRecord.Reference) {
        structure { structure in
            // Jaeger knows the two kinds of OpenTracing; another one does not wait, as far as we know.
            structure.field(1, reference.kind == .childOf ? 0 : 1 as Int32)
            structure.field(2, Int64(truncatingIfNeeded: reference.traceID))
            structure.field(3, Int64(truncatingIfNeeded: reference.traceID >> 64))
            structure.field(4, Int64(bitPattern: reference.spanID))
        }
    }

    private mutating func write(_ tag: Fields.Field) {
        structure { structure in
            structure.field(1, tag.key)
            switch tag.value {
            case .double(let value):
                structure.field(2, 1 as Int32)
                structure.field(4, value)
            case .bool(let value):
                structure.field(2, 2 as Int32)
                structure.field(5, value)
            case .integer(let value):
                structure.field(2, 3 as Int32)
                structure.field(6, value)
            case .binary(let value):
                structure.field(2, 4 as Int32)
                structure.field(7, value)
            case .string, .null, .object:
                structure.field(2, 0 as Int32)
                structure.field(3, tag.value.text)
            }
        }
    }
}

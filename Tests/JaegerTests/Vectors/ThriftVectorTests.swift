import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(
        .enabled(if: VectorFile.thrift.isPresent, VectorFile.thrift.absence),
        arguments: try VectorFile.thrift.cases("batches")
    )
    func thriftBatches(_ vector: TracingVector) throws {
        try vector.given.allow(
            "id",
            "message_name",
            "message_type",
            "seq_id",
            "process",
            "spans",
            "compact_udp_hex",
            "binary_udp_hex",
            "binary_http_body_hex"
        )
        let batch = try RecordedBatch(vector.given)
        let sequenceID = Int32(truncatingIfNeeded: try #require(vector.given["seq_id"]?.int))
        let compact = CompactWriter.bytes { message(batch, sequenceID: sequenceID, &$0) }
        #expect(TypedValues.hex(compact) == (try vector.given.text("compact_udp_hex")))
        let binary = BinaryWriter.bytes { message(batch, sequenceID: sequenceID, &$0) }
        #expect(TypedValues.hex(binary) == (try vector.given.text("binary_udp_hex")))
        let body = BinaryWriter.bytes { $0.writeBatch(process: batch.process, spans: batch.spans) }
        #expect(TypedValues.hex(body) == (try vector.given.text("binary_http_body_hex")))
    }

    private func message(_ batch: RecordedBatch, sequenceID: Int32, _ writer: inout some ThriftWriter) {
        writer.beginMessage("emitBatch", .oneWay, sequenceID: sequenceID)
        writer.structure { arguments in
            arguments.field(1, .structure)
            arguments.writeBatch(process: batch.process, spans: batch.spans)
        }
    }

    /// The datagrams that Jaeger's client for Go makes of the same spans, byte for byte but for its message type and the
    /// optional statistics at the end.
    @Test(
        .enabled(if: VectorFile.splitting.isPresent, VectorFile.splitting.absence),
        arguments: try VectorFile.splitting.cases("cases")
    )
    func packets(_ vector: TracingVector) throws {
        try vector.given.allow(
            "id",
            "go_lost_span_indexes",
            "max_packet_size",
            "process",
            "process_size",
            "spans",
            "manual_flush_after",
            "packets",
            "too_large_dropped_spans"
        )
        let process = try JaegerProcess(recorded: #require(vector.given["process"]?.object))
        let spans = try #require(vector.given["spans"]?.array).map { json in
            let given = try #require(json.object)
            try given.allow(
                "operation_name",
                "trace_id_low",
                "span_id",
                "parent_span_id",
                "flags",
                "start_time_us",
                "duration_us",
                "tag_p_length",
                "span_size",
                "too_large"
            )
            let record = try span(given)
            #expect(CompactWriter.bytes { $0.write(record) }.count == given["span_size"]?.int)
            return record
        }
        #expect(CompactWriter.bytes { $0.write(process) }.count == vector.given["process_size"]?.int)
        let limit = try #require(vector.given["max_packet_size"]?.int)
        let flushes = try #require(vector.given["manual_flush_after"]?.array).compactMap(\.int)
        let packets = split(spans, of: process, limit: limit, flushedAfter: flushes)
        let tooLarge = try #require(vector.given["spans"]?.array).enumerated()
            .filter { $0.element["too_large"]?.bool == true }.map(\.offset)
        #expect(packets.allSatisfy { $0.bytes.count <= limit })
        let lost = try Set(#require(vector.given["go_lost_span_indexes"]?.array).compactMap(\.int))
        let recorded = try #require(vector.given["packets"]?.array).compactMap(\.object)
        guard lost.isEmpty else {
            // A span that Go loses because its datagram is too large may fit here: there are no statistics in it.
            let delivered = packets.flatMap(\.indexes)
            #expect(delivered == delivered.sorted())
            #expect(Set(delivered).union(lost) == Set(spans.indices).subtracting(tooLarge))
            return try Divergences.demandReason(for: vector, in: .splitting)
        }
        try #require(packets.count == recorded.count)
        for (index, recorded) in recorded.enumerated() {
            try recorded.allow("message_seq_id", "span_indexes", "length", "sha256", "hex")
            #expect(packets[index].indexes == recorded["span_indexes"]?.array?.compactMap(\.int))
            let next = index + 1 < packets.count ? packets[index + 1].indexes[0] : spans.count
            let sequenceID = try #require(recorded["message_seq_id"]?.int)
            let bytes = asInGo(packets[index].bytes, sequenceID, dropped: tooLarge.count { $0 < next })
            #expect(bytes.count == recorded["length"]?.int)
            if let hex = recorded["hex"]?.string { #expect(TypedValues.hex(bytes) == hex) }
        }
    }

    private func asInGo(_ bytes: [UInt8], _ sequenceID: Int, dropped: Int) -> [UInt8] {
        // Batch and arguments end with a byte each; the type in the second byte is a call there.
        let statistics = CompactWriter.bytes {
            $0.structure { body in
                body.field(1, 0 as Int64)
                body.field(2, Int64(dropped))
                body.field(3, 0 as Int64)
            }
        }
        let number = CompactWriter.bytes { $0.value(Int64(sequenceID)) }
        return [bytes[0], 0x21] + bytes[2...].dropLast(2) + [0x16] + number + [0x1c] + statistics + [0, 0]
    }

    private func split(
        _ spans: [SpanRecord],
        of process: JaegerProcess,
        limit: Int,
        flushedAfter flushes: [Int]
    ) -> [(bytes: [UInt8], indexes: [Int])] {
        var writer = PacketWriter(maxPacketSize: limit)
        var packets: [(bytes: [UInt8], indexes: [Int])] = []
        var first = 0
        for end in flushes.map({ $0 + 1 }) + [spans.count] where end > first {
            let part = writer.packets(of: Array(spans[first..<end]), process: process)
            packets += part.map { (bytes: $0.bytes, indexes: $0.spans.map { $0 + first }) }
            first = end
        }
        return packets
    }

    private func span(_ given: JSONObject) throws -> SpanRecord {
        let tag = String(repeating: "x", count: try #require(given["tag_p_length"]?.int))
        return try SpanRecord(
            traceID: number(given.text("trace_id_low"), as: UInt128.self),
            spanID: number(given.text("span_id"), as: UInt64.self),
            parentID: number(given.text("parent_span_id"), as: UInt64.self),
            flags: SpanFlags(rawValue: UInt8(truncatingIfNeeded: given["flags"]?.int ?? 0)),
            operationName: given.text("operation_name"),
            references: [],
            startTime: Int64(#require(given["start_time_us"]?.int)),
            duration: Int64(#require(given["duration_us"]?.int)),
            tags: ["p": tag]
        )
    }
}

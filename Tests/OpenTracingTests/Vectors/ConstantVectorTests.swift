import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(.enabled(if: VectorFile.constants.isPresent, VectorFile.constants.absence))
    func constants() throws {
        let json = try VectorFile.constants.json()
        try #require(
            json.object?.keys.sorted() == [
                "jaeger", "opentracing_formats", "opentracing_logs", "opentracing_reference_types", "opentracing_tags",
                "zipkin_format",
            ]
        )
        #expect(
            json["opentracing_formats"] == [
                "BINARY": .string(Format.binary.rawValue),
                "TEXT_MAP": .string(Format.textMap.rawValue),
                "HTTP_HEADERS": .string(Format.httpHeaders.rawValue),
            ]
        )
        #expect(
            json["opentracing_reference_types"] == [
                "CHILD_OF": .string(Reference.Kind.childOf.rawValue),
                "FOLLOWS_FROM": .string(Reference.Kind.followsFrom.rawValue),
            ]
        )
        #expect(
            json["opentracing_logs"] == [
                "ERROR_KIND": .string(LogFields.errorKind), "ERROR_OBJECT": .string(LogFields.errorObject),
                "EVENT": .string(LogFields.event), "MESSAGE": .string(LogFields.message),
                "STACK": .string(LogFields.stack),
            ]
        )
        #expect(
            json["opentracing_tags"] == [
                "COMPONENT": .string(Tags.component), "DATABASE_INSTANCE": .string(Tags.databaseInstance),
                "DATABASE_STATEMENT": .string(Tags.databaseStatement), "DATABASE_TYPE": .string(Tags.databaseType),
                "DATABASE_USER": .string(Tags.databaseUser), "ERROR": .string(Tags.error),
                "HTTP_METHOD": .string(Tags.httpMethod), "HTTP_STATUS_CODE": .string(Tags.httpStatusCode),
                "HTTP_URL": .string(Tags.httpURL), "MESSAGE_BUS_DESTINATION": .string(Tags.messageBusDestination),
                "PEER_ADDRESS": .string(Tags.peerAddress), "PEER_HOSTNAME": .string(Tags.peerHostname),
                "PEER_HOST_IPV4": .string(Tags.peerHostIPv4), "PEER_HOST_IPV6": .string(Tags.peerHostIPv6),
                "PEER_PORT": .string(Tags.peerPort), "PEER_SERVICE": .string(Tags.peerService),
                "SAMPLING_PRIORITY": .string(Tags.samplingPriority), "SERVICE": .string(Tags.service),
                "SPAN_KIND": .string(Tags.spanKind), "SPAN_KIND_CONSUMER": .string(Tags.spanKindConsumer),
                "SPAN_KIND_PRODUCER": .string(Tags.spanKindProducer),
                "SPAN_KIND_RPC_CLIENT": .string(Tags.spanKindRPCClient),
                "SPAN_KIND_RPC_SERVER": .string(Tags.spanKindRPCServer),
            ]
        )
    }
}

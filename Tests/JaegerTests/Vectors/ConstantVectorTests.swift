import Jaeger
import Kser
import OpenTracing
import Testing
import TracingVectorSupport

extension TracingVectorTests {
    @Test(.enabled(if: VectorFile.constants.isPresent, VectorFile.constants.absence))
    func constants() throws {
        let json = try VectorFile.constants.json()
        #expect(json["zipkin_format"]?.string == Format.zipkin.rawValue)
        let jaeger = try #require(json["jaeger"]?.object)
        let (headers, options) = (TextCodec.Headers(), JaegerTracerOptions())
        let configuration = JaegerConfiguration(serviceName: "svc")
        let ours: [String: String] = [
            "BAGGAGE_HEADER_KEY": TextCodec.Headers.baggage,
            "BAGGAGE_HEADER_PREFIX": headers.baggagePrefix,
            "DEBUG_FLAG": "\(SpanFlags.debug.rawValue)",
            "DEBUG_ID_HEADER_KEY": headers.debugID,
            "DEFAULT_FLUSH_INTERVAL": "\(configuration.reporting.flushInterval.components.seconds)",
            "DEFAULT_SAMPLING_INTERVAL": "\(configuration.samplingRefreshInterval.components.seconds)",
            "DEFAULT_THROTTLER_REFRESH_INTERVAL":
                "\(JaegerConfiguration.Throttling().refreshInterval.components.seconds)",
            "MAX_TAG_VALUE_LENGTH": "\(options.maxTagValueLength)",
            "MAX_TRACEBACK_LENGTH": "\(options.maxTracebackLength)",
            "SAMPLED_FLAG": "\(SpanFlags.sampled.rawValue)",
            "TRACE_ID_HEADER": headers.traceID,
        ]
        for (key, value) in ours {
            let recorded = try #require(jaeger[key], "\(key)")
            #expect(value == recorded.string ?? "\(recorded)", "\(key)")
        }
        // Keys of tags are seen in the spans and the process themselves.
        let inSpans = [
            "CLIENT_UUID_TAG_KEY", "JAEGER_CLIENT_VERSION", "JAEGER_HOSTNAME_TAG_KEY", "JAEGER_IP_TAG_KEY",
            "JAEGER_VERSION_TAG_KEY", "MAX_ID_BITS", "SAMPLER_TYPE_CONST", "SAMPLER_TYPE_LOWER_BOUND",
            "SAMPLER_TYPE_PROBABILISTIC", "SAMPLER_TYPE_RATE_LIMITING", "SAMPLER_TYPE_REMOTE",
        ]
        for key in jaeger.keys { #expect(ours[key] != nil || inSpans.contains(key), "\(key)") }
    }
}

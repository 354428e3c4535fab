import KserMetrics
import Testing

@Suite struct NegotiationTests {
    @Test(
        "OpenMetrics is for clients that ask for it and prefer nothing else",
        arguments: [
            (nil, ExpositionFormat.text),
            ("", .text),
            ("*/*", .text),
            ("text/html,application/xhtml+xml", .text),
            ("text/plain; version=0.0.4", .text),
            ("application/openmetrics-text", .openMetrics),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8", .openMetrics),
            ("application/openmetrics-text; version=0.0.1", .openMetrics),
            ("application/openmetrics-text; version=2.0.0", .text),
            ("application/openmetrics-text;q=0", .text),
            ("application/openmetrics-text;q=0.4,text/plain;q=0.5", .text),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.5", .openMetrics),
            ("application/openmetrics-text;q=abc", .openMetrics),
            (";;,,q=;", .text),
            ("application/openmetrics-text;q=0.5,*/*;q=0.9", .text),
            ("application/openmetrics-text;q=0.5,text/*;q=0.9", .text),
            ("application/openmetrics-text;q=0.5,text/plain;q=0.1,*/*", .openMetrics),
            ("application/openmetrics-text;q=0.1,text/plain;q=0", .openMetrics),
            ("application/openmetrics-text; q=nan", .openMetrics),
            // Prometheus 3
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
                    + "version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
                    + "*/*;q=0.2",
                .openMetrics
            ),
            // Prometheus 2.42
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                .openMetrics
            ),
        ]
    )
    func preferred(_ accept: String?, _ format: ExpositionFormat) {
        #expect(ExpositionFormat.preferred(by: accept) == format)
    }
}

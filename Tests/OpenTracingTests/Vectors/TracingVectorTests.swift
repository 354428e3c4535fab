import Testing

/// The recorded cases of the API and of the mock tracer; those of Jaeger are in a suite of the same name beside.
@Suite(.timeLimit(.minutes(1)))
struct TracingVectorTests {}

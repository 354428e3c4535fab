import TracingVectorSupport

extension VectorFile {
    static let constants = VectorFile("constants")
    static let mockTracer = VectorFile("mocktracer_scenarios")
    static let testbed = VectorFile("testbed")
}

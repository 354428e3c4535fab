/// Something to measure, by a name that the command line takes.
struct Benchmark: Sendable {
    typealias Body = @concurrent @Sendable (Stage) async throws -> [Row]

    let name: String
    private let body: Body

    init(_ name: String, _ body: @escaping Body) {
        self.name = name
        self.body = body
    }

    /// Runs on the cooperative pool, as a user's tasks do, not on the main actor.
    func measure(on stage: Stage) async throws -> [Row] { try await body(stage) }
}

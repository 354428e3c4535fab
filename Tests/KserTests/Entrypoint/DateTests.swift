import Foundation
import Kser
import Testing

@Suite("Dates as the controller or the entrypoint has them")
struct DateTests {
    struct Times: Codable, Sendable, Equatable {
        var at: Date
        var list: [Date]
        var absent: Date?
        var by: [String: Inner]

        struct Inner: Codable, Sendable, Equatable { var at: Date }
    }

    private static let times = Times(
        at: Date(timeIntervalSince1970: 1_709_209_800),
        list: [Date(timeIntervalSince1970: 1_709_209_800.125), Date(timeIntervalSince1970: -1.5)],
        by: ["k": .init(at: Date(timeIntervalSince1970: 0))]
    )

    private static let texts: [(DateStrategy, String)] = [
        (.secondsSince2001, "730902600.0, 730902600.125, -978307201.5, -978307200.0"),
        (.secondsSince1970, "1709209800.0, 1709209800.125, -1.5, 0.0"),
        (.millisecondsSince1970, "1709209800000.0, 1709209800125.0, -1500.0, 0.0"),
        (
            .iso8601,
            #""2024-02-29T12:30:00Z", "2024-02-29T12:30:00.125Z", "1969-12-31T23:59:58.500Z", "1970-01-01T00:00:00Z""#
        ),
    ]

    @Test(arguments: texts)
    func bothWays(_ strategy: DateStrategy, _ values: String) throws {
        let object = try JSONObject(encoding: Self.times, dateStrategy: strategy)
        let parts = values.components(separatedBy: ", ")
        #expect(
            object.description
                == #"{"at": \#(parts[0]), "list": [\#(parts[1]), \#(parts[2])], "by": {"k": {"at": \#(parts[3])}}}"#
        )
        #expect(try object.decode(Times.self, dateStrategy: strategy) == Self.times)
        #expect(try JSON(parsing: object.description).decode(Times.self, dateStrategy: strategy) == Self.times)
    }

    @Test(
        arguments: [
            ("2024-02-29T12:30:00Z", 1_709_209_800), ("2024-02-29T14:30:00+02:00", 1_709_209_800),
            ("2024-02-29T12:30:00.125000+00:00", 1_709_209_800.125), ("2024-02-29T12:30:00.5Z", 1_709_209_800.5),
            ("2024-02-29T12:30:00.123456789-00:30", 1_709_211_600.123456789),
        ] as [(String, Double)]
    )
    func iso8601(_ text: String, _ seconds: Double) throws {
        let date = try JSON.string(text).decode(Date.self, dateStrategy: .iso8601)
        #expect(abs(date.timeIntervalSince1970 - seconds) < 1e-5)
    }

    @Test(arguments: ["", "now", "2024-02-30T00:00:00Z", "2024-02-29T12:30:00.Z", "2024-02-29T12:30:00.x"])
    func noDate(_ text: String) throws {
        let error = #expect(throws: DecodingError.self) {
            try JSON.object(["at": .string(text)]).decode([String: Date].self, dateStrategy: .iso8601)
        }
        let refusal = try KserError(decoding: #require(error))
        #expect(refusal.message == "Invalid parameter 'at': expected a date as in ISO 8601, found other text")
    }

    @Test func whatHasNoText() {
        #expect(throws: EncodingError.self) { try JSON(encoding: Date.distantPast - 1e10, dateStrategy: .iso8601) }
        #expect(throws: EncodingError.self) {
            try JSON(encoding: Date(timeIntervalSince1970: 1e15), dateStrategy: .iso8601)
        }
        #expect(throws: DecodingError.self) { try JSON.integer(1).decode(Date.self, dateStrategy: .iso8601) }
        #expect(throws: DecodingError.self) { try JSON.string("1").decode(Date.self, dateStrategy: .secondsSince1970) }
    }

    private struct Own: Entrypoint {
        struct Parameters: Codable, Sendable { var at: Date }
        var dateStrategy: DateStrategy? { .millisecondsSince1970 }
        func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
            execution.result(
                retval: try JSONObject(encoding: parameters, dateStrategy: execution.dateStrategy)
            )
        }
    }

    @Test func controllerAndEntrypoint() async throws {
        let controller = Controller(dateStrategy: .iso8601, logger: .none)
        try await controller.register(Own(), as: "own")
        try await controller.register("common") { (times: Times, _) in times }
        let times = try JSONObject(encoding: Self.times, dateStrategy: .iso8601)
        #expect(await controller.run(Message(entrypoint: "common", params: times)).retval == times)
        #expect(await controller.run(Message(entrypoint: "own", params: ["at": 1500])).retval == ["at": 1500.0])
        #expect(await Own().execute(["at": 1500], logger: .none).retval == ["at": 1500.0])
        let refused = await controller.run(Message(entrypoint: "common", params: ["at": 1, "list": [], "by": [:]]))
        #expect(refused.retcode == 400)
    }
}

import Foundation

/// kcat, a Kafka client that is neither ours nor Python's.
package enum Kcat {
    /// A record as `kcat -J` prints it.
    package struct Record: Decodable, Sendable, Equatable {
        package var topic: String
        package var partition: Int
        package var offset: Int
        package var key: String?
        package var payload: String?
        /// Names and values in turn.
        package var headers: [String]?
    }

    /// Produces lines, one record each.
    package static func produce(
        _ lines: [String],
        to topic: String,
        key: String? = nil,
        headers: [(String, String)] = [],
        on bootstrapServers: String
    ) async throws {
        let directory = try TemporaryDirectory("kcat")
        try directory.write(lines.joined(separator: "\n"), to: "lines")
        try await ChildProcess(
            Components.kcat(),
            ["-q", "-b", bootstrapServers, "-P", "-t", topic] + (key.map { ["-k", $0] } ?? [])
                + headers.flatMap { ["-H", "\($0)=\($1)"] },
            input: directory.url.appending(path: "lines")
        ).success(within: .seconds(60))
    }

    /// Reads `count` records of a topic from its beginning.
    package static func consume(
        _ count: Int,
        from topic: String,
        on bootstrapServers: String
    ) async throws -> [Record] {
        let output = try await ChildProcess(
            Components.kcat(),
            ["-q", "-b", bootstrapServers, "-C", "-t", topic, "-o", "beginning", "-c", "\(count)", "-J"]
        ).success(within: .seconds(60))
        return try output.lines.map { try JSONDecoder().decode(Record.self, from: Data($0.utf8)) }
    }
}

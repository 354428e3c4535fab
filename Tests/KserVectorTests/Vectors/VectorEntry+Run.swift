import Kser
import Testing

/// The suite of all golden data; each kind of file is an extension with a nested suite.
@Suite(.timeLimit(.minutes(2)))
struct VectorTests {}

extension VectorEntry {
    /// Runs the case and compares, as its parity says.
    ///
    /// - Parameters:
    ///   - place: what the placeholders of places stand for, such as `LOCK_PATH`.
    ///   - swift: what has to hold for an `info` case, whose expectation only Python meets: nil, or a complaint.
    ///   - run: gives what came out, in the form of `expect`.
    func run(
        place: [String: String] = [:],
        swift: (Vector, JSON) -> String? = { _, _ in nil },
        _ run: (Vector) async throws -> JSON
    ) async {
        switch self {
        case .absent(let path):
            note("not run, the file is not there: \(path)")
        case .broken(let reason):
            Issue.record("\(reason)")
        case .vector(let vector):
            do {
                let complaints = vector.complaints(about: try await run(vector), place: place, swift: swift)
                if !complaints.isEmpty {
                    Issue.record("\(vector.id) \(vector.title)\n  \(complaints.joined(separator: "\n  "))")
                }
            } catch {
                Issue.record("\(vector.id) \(vector.title): \(error)")
            }
        }
    }
}

extension Vector {
    fileprivate func complaints(
        about actual: JSON,
        place: [String: String],
        swift: (Vector, JSON) -> String?
    ) -> [String] {
        switch parity {
        case .must:
            var match = Match(place: place)
            match.compare(expect, actual, at: Path())
            return match.differences
        case .shape:
            var shape = Shape()
            shape.compare(expect, actual, at: Path())
            return shape.differences
        case .info:
            return [swift(self, actual)].compactMap { $0 }
        }
    }
}

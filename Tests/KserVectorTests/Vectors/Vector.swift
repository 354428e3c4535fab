import Kser
import Testing

/// One golden case: what was given to the real Python packages, and what came out.
struct Vector: Sendable {
    /// How much of a case has to be reproduced; see Tests/Vectors/kser/README.md.
    enum Parity: String, Sendable, CaseIterable {
        /// All of it.
        case must
        /// The kind of outcome.
        case shape
        /// Nothing but to stay alive.
        case info
    }

    /// What to make of odd behaviour.
    enum Quirk: String, Sendable {
        case keep, drop
    }

    let kind: String
    let id: String
    let title: String
    let parity: Parity
    let quirk: Quirk?
    let given: JSONObject
    let expect: JSON

    init(_ json: JSON, kind: String) throws {
        let fields = try Fields(
            json,
            "case",
            allowing: ["id", "title", "parity", "quirk", "note", "given", "expect"]
        )
        self.kind = kind
        id = try fields.text("id")
        title = try fields.text("title")
        parity = try fields.choice("parity")
        quirk = fields.has("quirk") ? try fields.choice("quirk") as Quirk : nil
        given = try fields.object("given")
        expect = try fields.value("expect")
    }
}

/// The given or the expectation holds something that this suite does not know: a failure, never a skip.
struct SchemaError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What a file gave to test.
enum VectorEntry: Sendable {
    case vector(Vector)
    case absent(String)
    case broken(String)
}

extension VectorEntry: CustomTestStringConvertible {
    var testDescription: String {
        switch self {
        case .vector(let vector): "\(vector.id) (\(vector.parity)) \(vector.title)"
        case .absent(let path): "no file \(path)"
        case .broken(let reason): "unreadable: \(reason)"
        }
    }
}

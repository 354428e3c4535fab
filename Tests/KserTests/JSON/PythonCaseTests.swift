import Foundation
import Kser
import Testing

/// The cases of `Tests/Vectors/json`, as `make_vectors.py` there recorded them.
@Suite("Texts and paths as Python reads them")
struct PythonCaseTests {
    /// Python takes digits from it.
    private static let better = ["9007199254740993.0": "9007199254740993.0"]

    private static func cases(_ name: String) throws -> [JSON] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Vectors/json/\(name).json"
        )
        return try #require(try JSON(parsing: [UInt8](Data(contentsOf: file))).array)
    }

    @Test(arguments: try cases("documents"))
    func document(_ json: JSON) throws {
        let text = try #require(json["text"]?.string)
        guard let dumps = Self.better[text] ?? json["dumps"]?.string else {
            let error = #expect(throws: KserError.self) { try JSON(parsing: text) }
            return #expect(error?.kind == .internal)
        }
        #expect(try String(decoding: JSON(parsing: text).bytes(), as: UTF8.self) == dumps)
    }

    @Test(arguments: try cases("paths"))
    func path(_ json: JSON) throws {
        let path = try #require(json["path"]?.string)
        let result = ExecutionResult(retval: try #require(json["retval"]?.object))
        guard let values = json["values"]?.array else {
            let error = #expect(throws: KserError.self) { try result.search(path) }
            return #expect(error?.kind == .internal)
        }
        let found = try result.search(path)
        #expect(found == (values.count == 1 ? values[0] : values.isEmpty ? .null : .array(values)))
    }
}

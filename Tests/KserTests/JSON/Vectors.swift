import Foundation
import Kser

/// The cases that real kser recorded, in Tests/Vectors/kser.
struct VectorCase: CustomStringConvertible, Sendable {
    let json: JSONObject

    var id: String { json["id"]?.string ?? "" }
    var parity: String { json["parity"]?.string ?? "" }
    var given: JSONObject { json["given"]?.object ?? [:] }
    var expect: JSONObject { json["expect"]?.object ?? [:] }
    var description: String { "\(id) \(json["title"]?.string ?? "")" }

    static func all(_ file: String) throws -> [VectorCase] {
        var folder = URL(filePath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let data = try Data(contentsOf: folder.appending(path: "Vectors/kser/\(file).json"))
        return try JSON(parsing: Array(data))["cases"]?.array?.compactMap(\.object).map(VectorCase.init) ?? []
    }

    /// The input text of a case, in whatever form it is given.
    var input: [UInt8] {
        if let text = given["input"]?.string { return Array(text.utf8) }
        if let base64 = given["input_base64"]?.string { return Array(Data(base64Encoded: base64) ?? Data()) }
        return (given["input_parts"]?.array ?? []).flatMap { part in
            repeatElement(Array((part[0]?.string ?? "").utf8), count: part[1]?.int ?? 0).joined()
        }
    }
}

/// The labels of a series as they are written: in the order of their names, as prometheus_client does.
struct LabelText: Sendable {
    /// All of them in braces; nothing when there are none.
    let braced: [UInt8]
    /// Those before `le`, the label of a histogram's bounds, each with a comma behind it.
    let beforeBound: [UInt8]
    /// Those after `le`, each with a comma before it.
    let afterBound: [UInt8]

    static let none = LabelText([], [])

    init(_ names: [String], _ values: [String]) {
        let pairs = zip(names, values).sorted { $0.0 < $1.0 }
            .map { (name: $0.0, text: "\($0.0)=\"\(Self.escaped($0.1))\"") }
        braced = pairs.isEmpty ? [] : Array("{\(pairs.map(\.text).joined(separator: ","))}".utf8)
        beforeBound = Array(pairs.filter { $0.name < "le" }.map { $0.text + "," }.joined().utf8)
        afterBound = Array(pairs.filter { $0.name > "le" }.map { "," + $0.text }.joined().utf8)
    }

    /// A value with backslashes, quotes and line feeds escaped.
    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return value }
        return value.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}

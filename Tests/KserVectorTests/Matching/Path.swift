import Kser

/// The way to a value inside an expectation, for the text of a failure: `.runs[0].log[2].message`.
struct Path: CustomStringConvertible {
    private var steps: [String] = []

    subscript(key: String) -> Path { adding(key) }
    subscript(index: Int) -> Path { adding("[\(index)]") }

    /// The last key; an index is shown as `[3]`.
    var last: String { steps.last ?? "" }

    /// Whether the path ends in these steps; `[]` stands for any index.
    func ends(in wanted: String...) -> Bool {
        steps.count >= wanted.count
            && zip(steps.suffix(wanted.count), wanted).allSatisfy { step, wanted in
                wanted == "[]" ? step.hasPrefix("[") : step == wanted
            }
    }

    var description: String { steps.map { $0.hasPrefix("[") ? $0 : ".\($0)" }.joined() }

    private func adding(_ step: String) -> Path {
        var path = self
        path.steps.append(step)
        return path
    }
}

extension String {
    /// Whether both have the same scalars; `==` would take canonically equal texts for the same.
    func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// The text, cut where it gets too long to read.
    var shortened: String { count <= 300 ? self : "\(prefix(200))<...>\(suffix(60))" }
}

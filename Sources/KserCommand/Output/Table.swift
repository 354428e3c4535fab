import Kser

/// Rows under a head, in columns; numbers stand to the right. As JSON, a line for each row.
struct Table {
    private var head: [String]
    private var rows: [[JSON]] = []

    init(_ head: String...) { self.head = head }

    mutating func add(_ row: JSON...) { rows.append(row) }

    func print(asJSON: Bool) {
        if asJSON {
            for row in rows { Console.print(JSONObject(zip(head, row).map { (key: $0, value: $1) })) }
            return
        }
        let texts = rows.map { $0.map(Self.text) }
        let widths = head.indices.map { column in
            ([head] + texts).map { $0[column].count }.max() ?? 0
        }
        Console.print(line(head, widths, like: rows.first))
        for (row, cells) in zip(rows, texts) { Console.print(line(cells, widths, like: row)) }
    }

    private func line(_ cells: [String], _ widths: [Int], like row: [JSON]?) -> String {
        let parts = cells.indices.map { column in
            if let cell = row?[column], case .integer = cell { return cells[column].leftPadded(to: widths[column]) }
            return cells[column].padded(to: widths[column])
        }
        return parts.joined(separator: "  ").trimmedEnd
    }

    private static func text(_ value: JSON) -> String {
        if value.isNull { return "-" }
        // As it will stand there, so that columns are as wide.
        return (value.string ?? value.description).bounded(to: 256).printable
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

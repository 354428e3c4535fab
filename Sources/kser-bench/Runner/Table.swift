import Foundation

/// The report for people: a line for each row.
enum Table {
    static let head = line("", "kser", "baseline", "unit", "ratio", "target")

    static func line(_ row: Row) -> String {
        let sign = row.higherIsBetter ? "≥" : "≤"
        return line(
            row.name,
            format(row.ours),
            format(row.baseline),
            row.unit,
            format(row.ratio),
            "\(sign) \(format(row.target))\(row.isMet ? "" : "  missed")"
        )
    }

    private static func line(_ columns: String...) -> String {
        let widths = [-20, 12, 12, -20, 8, 0]
        return zip(columns, widths).map { text, width in
            let space = String(repeating: " ", count: max(0, abs(width) - text.count))
            return width > 0 ? space + text : text + space
        }.joined(separator: "  ")
    }

    /// Three figures at least, thousands apart.
    private static func format(_ number: Double) -> String {
        if number < 100 { return String(format: number < 10 ? "%.2f" : "%.1f", number) }
        var groups: [String] = []
        var rest = Int(number.rounded())
        while rest >= 1000 {
            groups.append(String(format: "%03d", rest % 1000))
            rest /= 1000
        }
        return ([String(rest)] + groups.reversed()).joined(separator: ",")
    }
}

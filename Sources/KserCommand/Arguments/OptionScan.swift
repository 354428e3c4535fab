import CGetopt
import Foundation

/// A walk over words with the C library's `getopt_long`, whose state is the process's: one at a time.
final class OptionScan {
    enum Step {
        /// An option by its index, with its value.
        case option(Int, String?)
        case unknown(String)
        case valueMissing(String)
    }

    private let words: [UnsafeMutablePointer<CChar>?]
    private let names: [UnsafeMutablePointer<CChar>?]
    private var vector: [UnsafeMutablePointer<CChar>?]
    private let long: [option]
    private let short: String
    private let options: [Option]
    /// What `getopt_long` returns for long options begins here, above every letter.
    private static let base: Int32 = 1_000

    init(_ words: [String], _ options: [Option]) {
        self.words = words.map { strdup($0) }
        self.options = options
        vector = self.words + [nil]
        let names = options.map { strdup($0.name) }
        self.names = names
        long =
            options.enumerated().map { index, item in
                option(
                    name: names[index],
                    has_arg: item.value == nil ? no_argument : required_argument,
                    flag: nil,
                    val: Self.base + Int32(index)
                )
            } + [option()]
        // The colon in front has a missing value told apart from an unknown option, and nothing printed.
        short = ":" + options.map { item in item.letter.map { "\($0)\(item.value == nil ? "" : ":")" } ?? "" }.joined()
        cgetopt_begin()
    }

    deinit {
        for pointer in words + names { free(pointer) }
    }

    /// The next option; nil when only operands are left.
    func next() -> Step? {
        let before = Int(cgetopt_index())
        let code = getopt_long(Int32(words.count), &vector, short, long, nil)
        switch code {
        case -1: return nil
        case Int32(UInt8(ascii: "?")): return .unknown(word(before))
        case Int32(UInt8(ascii: ":")): return .valueMissing(word(before))
        default:
            let value = cgetopt_value().map { String(cString: $0) }
            if code >= Self.base { return .option(Int(code - Self.base), value) }
            let index = options.firstIndex { $0.letter?.asciiValue.map(Int32.init) == code }
            return index.map { .option($0, value) } ?? .unknown(word(before))
        }
    }

    /// What follows the options.
    var operands: [String] {
        vector[Int(cgetopt_index())..<words.count].compactMap { $0.map { String(cString: $0) } }
    }

    /// The word that was looked at; `getopt_long` moves operands behind the options, so it may have gone on.
    private func word(_ index: Int) -> String {
        let last = max(index, Int(cgetopt_index()) - 1)
        return vector.indices.contains(last) ? vector[last].map { String(cString: $0) } ?? "" : ""
    }
}

import Foundation
import Kser
import KserKafka

/// The words after a verb, as its options and operands.
struct Arguments: Sendable {
    private(set) var operands: [String] = []
    private var values: [String: [String]] = [:]

    /// Reads the words with `getopt_long`.
    ///
    /// - Throws: ``UsageError`` that names the word that is wrong.
    init(_ words: [String], of verb: Verb) throws {
        let options = verb.options + [.help]
        let scan = OptionScan(["kser"] + words, options)
        while let step = scan.next() {
            switch step {
            case .option(let index, let value): values[options[index].name, default: []].append(value ?? "")
            case .unknown(let word): throw UsageError("there is no option \"\(word)\"")
            case .valueMissing(let word): throw UsageError("option \"\(word)\" needs a value")
            }
        }
        operands = scan.operands
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    /// An option's value; the last one counts.
    func text(_ name: String) -> String? { values[name]?.last }

    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// An option's value as a number.
    func integer(_ name: String, in range: ClosedRange<Int> = 0...Int.max) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw UsageError("--\(name) must be \(Self.text(range)), not \"\(text)\"")
        }
        return number
    }

    /// An option's value as a number above zero.
    func decimal(_ name: String) throws -> Double? {
        guard let text = text(name) else { return nil }
        guard let number = Double(text), number > 0, number.isFinite else {
            throw UsageError("--\(name) must be a number above 0, not \"\(text)\"")
        }
        return number
    }

    /// The operands, when there are as many as the verb takes.
    func operands(_ count: ClosedRange<Int>, _ names: String) throws -> [String] {
        if operands.count < count.lowerBound {
            throw UsageError("something is missing: it takes \(names)")
        }
        if operands.count > count.upperBound {
            throw UsageError(
                "\"\(operands[count.upperBound])\" is too much: it takes \(names.isEmpty ? "none" : names)"
            )
        }
        return operands
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max
            ? "a whole number from \(range.lowerBound) on"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }
}

extension Arguments {
    /// A pair as in `NAME=VALUE`.
    static func pair(_ word: String, of option: String) throws -> (name: String, value: String) {
        guard let sign = word.firstIndex(of: "="), sign != word.startIndex else {
            // The word may be a secret that lacks its name.
            throw UsageError("\(option) must be NAME=VALUE")
        }
        return (String(word[..<sign]), String(word[word.index(after: sign)...]))
    }
}

extension Arguments {
    /// Warns of secrets in options: every user of the machine may read the words of a command while it runs.
    func warnOfSecrets() {
        for (name, words) in values.sorted(by: { $0.key < $1.key }) {
            let isSecret = words.contains { word in
                if name == "property" { return SecretNames.isSecret(String(word.prefix { $0 != "=" })) }
                return word.redacted != word
            }
            guard isSecret else { continue }
            let way = name == "property" ? "put it into a file of --properties" : "put it into an environment variable"
            Console.error("kser: warning: --\(name) holds a secret, which all users of this machine may read: \(way)")
        }
    }
}

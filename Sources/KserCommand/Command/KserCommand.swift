import Foundation

/// `kser`, the command line tool: finds the verb, reads its arguments, runs it and says how it went.
@main
struct KserCommand {
    static func main() async {
        let code = await run(Array(CommandLine.arguments.dropFirst()))
        exit(code.rawValue)
    }

    private static func run(_ arguments: [String]) async -> ExitCode {
        guard let name = arguments.first else {
            Console.error(Help.usage)
            return .usage
        }
        if ["--help", "-h", "help"].contains(name) {
            let topic = arguments.dropFirst().first.flatMap { Verb.named($0) }
            Console.print(text: topic.map { Help.text(of: $0) } ?? Help.overview)
            return .success
        }
        guard let verb = Verb.named(name) else {
            let known = Verb.all.map(\.name).joined(separator: ", ")
            Console.error("kser: there is no verb \"\(name)\"; it must be one of \(known)")
            return .usage
        }
        return await run(verb, Array(arguments.dropFirst()))
    }

    // Not on the main actor: each message would go there and back.
    @concurrent
    private static func run(_ verb: Verb, _ words: [String]) async -> ExitCode {
        do {
            let arguments = try Arguments(words, of: verb)
            if arguments.has("help") {
                Console.print(text: Help.text(of: verb))
                return .success
            }
            arguments.warnOfSecrets()
            try await verb.run(arguments)
            return .success
        } catch {
            let failure = CommandFailure(error, verb: verb.name)
            Console.error(failure.line)
            return failure.code
        }
    }
}

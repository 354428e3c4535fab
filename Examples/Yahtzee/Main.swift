import Foundation
import Kser

/// Plays kser's dice operations in this process; with `--distributed` over two worker processes, which share a SQLite
/// file and talk through a broker: one inside this process, or the cluster in `KSER_BOOTSTRAP_SERVERS`.
@main
struct Main {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            switch arguments.first {
            case nil: try await playHere()
            case "--distributed": try await Table().play()
            case "--worker" where arguments.count == 4:
                try await Player(servers: arguments[1], topic: arguments[2], path: arguments[3]).work()
            default: throw KserError.validation("usage: Yahtzee [--distributed]")
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func playHere() async throws {
        let logger = KserLogger(level: .info, sink: HumanLogSink.standardOutput)
        for operation in [DiceLaunch(), Yahtzee()] as [any OperationEntrypoint] {
            let run = await operation.build(logger: logger)
            let result = await run.execute()
            print(run)
            print("\(run.execution.name): \(result.retval)")
        }
    }
}

import Foundation
import TestSupport

/// `kser send` of a file of 100,000 lines, from the start of the process to its summary, in lines a second.
@concurrent
func sendLines(on stage: Stage) async throws -> [Row] {
    guard let kser = Installation.kser else {
        throw Misuse("no kser beside kser-bench; build it with: swift build --configuration release --product kser")
    }
    let count = 100_000
    let broker = try await Broker.start()
    let file = FileManager.default.temporaryDirectory.appending(path: "kser-bench-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    let lines = (0..<count).map { number in
        #"{"entrypoint": "mail.send", "params": {"to": "ops\#(number)@example.org", "copies": \#(number)}}"#
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    var rates: [Double] = []
    for round in 0..<5 {
        let topic = "lines-\(round)"
        try await broker.createTopic(topic, partitions: 3)
        let time = try await ContinuousClock().measure {
            let child = try ChildProcess(
                kser,
                ["send", topic, "--file", file.path(), "--progress", "--json"],
                environment: ["KSER_BOOTSTRAP_SERVERS": broker.bootstrapServers]
            )
            try await child.figure { $0 == #"{"sent": \#(count), "rejected": 0}"# ? () : nil }
        }
        rates.append(Double(count) / (time / .seconds(1)))
    }
    return [Row(name: "send-lines", ours: rates.median, baseline: 100_000, unit: "lines/s", target: 1)]
}

import Foundation
import Kser
import KserKafka

extension Verb {
    static let operations = Verb(
        name: "operations",
        operands: """
            list | show UUID | watch UUID | launch NAME | cancel UUID | pause UUID | resume UUID | retry UUID | resend UUID \
            | recover | prune
            """,
        summary: "List, show, launch and control operations across machines",
        details: """
            kser operations list --status FAILED --since 24h
            kser operations retry 5f0c…
            kser operations launch night.Run --topic jobs --task 'night.Load={"day": 3}' --task night.Report
            kser operations prune --older-than 30d

            The store is the path of a SQLite file, or a connection string of PostgreSQL: postgresql://… or host=… dbname=….
            What may have to send a task needs the brokers too: launch, cancel, pause, resume, retry, resend and recover. The
            topic of each task is in the store; --topic is for launch, and for operations that an earlier release stored.
            Nothing is changed when a topic is not there.

            A time is 2026-11-27, 2026-11-27T10:00:00Z, or how long ago: 90s, 15m, 24h, 30d.
            """,
        options: [
            Option("store", nil, value: "STORE", "where operations are kept; default KSER_STORE"),
            Option("status", "s", value: "STATUS", "list, prune: only these, such as FAILED; may be repeated"),
            Option("entrypoint", "e", value: "NAME", "list: only this entrypoint; may be repeated"),
            Option("since", nil, value: "TIME", "list: only what was launched since"),
            Option("before", nil, value: "TIME", "list: only what was launched before"),
            Option("unchanged-for", nil, value: "DURATION", "list: only what has not changed for this long"),
            Option("oldest-first", nil, "list: the oldest first, not the newest"),
            Option(
                "limit",
                "n",
                value: "COUNT",
                "list: at most this many; show: this many of the last changes; default 100"
            ),
            Option("offset", nil, value: "COUNT", "list: pass over this many"),
            Option("compensation", nil, "retry: compensate again what could not be compensated"),
            Option("force", nil, "cancel: do not wait for tasks in work, what they give counts no more"),
            Option("task", nil, value: "NAME[=JSON]", "launch: a task and its params; repeat it for the next one"),
            Option("uuid", "u", value: "UUID", "launch: the uuid of the operation; default a random one"),
            Option("time-limit", nil, value: "DURATION", "launch: how long it may take"),
            Option("topic", "t", value: "TOPIC", "the topic that tasks travel on"),
            Option("older-than", nil, value: "DURATION", "prune: what ended longer ago"),
            Option(
                "vacuum",
                nil,
                "prune: give a SQLite file's unused pages back, for which nobody may use it meanwhile"
            ),
            .json,
        ] + Option.keys + Option.sealing + Option.cluster
    ) { arguments in
        let names = OperationAction.allCases.map(\.rawValue)
        let word = try arguments.operands(1...2, "one of \(names.joined(separator: ", "))")[0]
        guard let action = OperationAction(rawValue: word) else {
            throw UsageError("\"\(word)\" must be one of \(names.joined(separator: ", "))")
        }
        try await action.run(arguments)
    }
}

/// What `kser operations` does.
private enum OperationAction: String, CaseIterable {
    case list, show, watch, launch, cancel, pause, resume, retry, resend, recover, prune

    func run(_ arguments: Arguments) async throws {
        switch self {
        case .list:
            _ = try arguments.operands(1...1, "list")
            try await OperationList(arguments).print(try await OpenStore(arguments))
        case .show:
            try await OperationView(arguments).show(try operand("UUID", arguments), in: try await OpenStore(arguments))
        case .watch:
            try await OperationView(arguments).watch(try operand("UUID", arguments), in: try await OpenStore(arguments))
        case .launch:
            let name = try operand("NAME", arguments)
            try await OperationDesk(arguments).launch(try OperationForm(name, arguments))
        case .recover:
            _ = try arguments.operands(1...1, "recover")
            try await OperationDesk(arguments).recover()
        case .prune:
            _ = try arguments.operands(1...1, "prune")
            try await OperationPruning(arguments).prune(try await OpenStore(arguments))
        case .cancel: try await control(arguments) { try await $0.cancel(force: arguments.has("force")) }
        case .pause: try await control(arguments) { try await $0.pause() }
        case .resume: try await control(arguments) { try await $0.resume() }
        case .resend: try await control(arguments) { try await $0.resend() }
        case .retry:
            try await control(arguments) { operation in
                if arguments.has("compensation") { return try await operation.retryCompensation() }
                try await operation.retry()
            }
        }
    }

    private func operand(_ name: String, _ arguments: Arguments) throws -> String {
        try arguments.operands(2...2, "\(rawValue) \(name)")[1]
    }

    private func control(
        _ arguments: Arguments,
        _ body: (LaunchedOperation) async throws -> Void
    ) async throws {
        try await OperationDesk(arguments).control(try operand("UUID", arguments), body)
    }
}

import Kser
import KserTesting
import Testing

@Test func handlersAreRegisteredAndRun() async throws {
    struct Mail: Codable, Sendable {
        var to: String
    }
    struct Mailer: Sendable {
        var sent = Requirement("a mail")
        func send(_ mail: Mail) async throws { sent.fulfill() }
    }
    let mailer = Mailer()

    // README.md: write async handlers
    struct Hello: Entrypoint {
        struct Parameters: Codable, Sendable { var name: String }

        func run(_ parameters: Parameters, in execution: Execution) async throws -> ExecutionResult {
            execution.result(stdout: "Hello \(parameters.name) !")
        }
    }

    let controller = Controller()
    try await controller.register(Hello())  // its name in messages: "<Module>.Hello"
    try await controller.register("mail.send") { (mail: Mail, execution) in try await mailer.send(mail) }

    let result = await Hello().execute(["name": "Cedric"])  // in process, never throws
    // end

    #expect(result.stdout == "Hello Cedric !")
    #expect(controller.entrypoints == ["SnippetTests.Hello", "mail.send"])
    let mailed = await controller.run(Message(entrypoint: "mail.send", params: ["to": "ada@example.org"]))
    #expect(mailed.isSuccess)
    try await mailer.sent.wait()
}

@Test func oldMessagesStillDecode() async throws {
    // README.md: new fields
    struct Mail: Codable, Sendable {
        var to: String
        var priority: Int?  // since 2.3
        var effectivePriority: Int { priority ?? 3 }
    }
    // end

    let controller = Controller(logger: .none)
    try await controller.register("mail.send") { (mail: Mail, _) in mail.effectivePriority }
    for (params, priority) in [(["to": "ada"], 3), (["to": "ada", "priority": 1], 1)] as [(JSONObject, JSON)] {
        #expect(await controller.run(Message(entrypoint: "mail.send", params: params)).retval == ["value": priority])
    }
}

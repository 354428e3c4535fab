import Kser
import KserTesting
import Testing

@Test func handlersAreRegisteredAndRun() async throws {
    struct Mail: Codable, Sendable {
        var to: String
    }
    struct Mailer: Sendable {
        var sent = Expectation("a mail")
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

import Foundation
import KserKafka
import KserTesting
import TestSupport
import Testing

@testable import Kser

/// Secrets in params, headers, errors, arguments and files.
@Suite(.timeLimit(.minutes(5))) struct SecretTests {
    @Test(arguments: [
        "password", "Password2", "db_pwd", "userPass", "user-pass", "PASS", "private_key", "privateKey", "PRIVATE-KEY",
        "aws_access_key_id", "api-key", "apikey", "X-Api-Key", "Set-Cookie", "sessionId", "bearer", "id_jwt", "pin",
        "cardPin", "cvv", "card_number", "iban", "accessToken", "client_secret", "Authorization",
    ])
    func keysThatNameSecrets(_ key: String) { #expect(Redaction.isSecret(key)) }

    @Test(arguments: [
        "passenger", "compass", "shipping", "opinion", "discard", "cardinality", "name", "key", "partition_key",
        "panel",
        "", "🙂", "spinner",
    ])
    func keysThatNameNone(_ key: String) { #expect(!Redaction.isSecret(key)) }

    @Test func textsAreMasked() {
        let cases = [
            ("password=hunter2", "password=***"),
            (#"{"token": "abc def", "x": 1}"#, #"{"token": "***", "x": 1}"#),
            ("cannot reach amqp://me:hunter2@host:5672/v", "cannot reach amqp://me:***@host:5672/v"),
            ("user=me api_key: k3y, retries=3", "user=me api_key: ***, retries=3"),
            ("no secret here: nothing", "no secret here: nothing"),
        ]
        for (text, masked) in cases { #expect(text.redacted == masked) }
    }

    @Test func anEnumerationsErrorDoesNotRepeatTheValue() async throws {
        enum Colour: String, Codable, Sendable { case red }
        struct Parameters: Codable, Sendable { var pin: Colour }
        let controller = Controller(logger: .none)
        try await controller.register("paint") { (_: Parameters, _) in }
        let result = await controller.run(Message(uuid: "u", entrypoint: "paint", params: ["pin": "hunter2"]))
        #expect(result.retcode == 400 && result.stderr.hasPrefix("Invalid parameter 'pin': Cannot initialize Colour"))
        #expect(!result.json.description.contains("hunter2"), "\(result.json)")
    }

    @Test func theToolShowsNoSecretsUnlessAsked() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1, "jobs-dlt": 1])
        let producer = try Producer(ProducerConfiguration(bootstrapServers: broker.bootstrapServers))
        let message = Message(uuid: "u", entrypoint: "e", params: ["card": ["pin": "hunter2"], "db_pwd": "hunter2"])
        let headers: [Record.Header] = [
            .init("authorization", text: "hunter2"),
            .init("kafka_dlt-exception-message", text: "cannot log in with password=hunter2"),
        ]
        for topic in ["jobs", "jobs-dlt"] { try await producer.send(message, to: topic, headers: headers) }
        // What is no message is not shown either.
        try await producer.send(ProducerRecord(topic: "jobs-dlt", value: Array("hunter2".utf8)))
        await producer.close()
        for arguments in [
            ["tail", "jobs"], ["tail", "jobs", "--json"], ["dlq", "list", "jobs"], ["dlq", "list", "jobs", "--json"],
            ["dlq", "show", "jobs", "0", "0"], ["dlq", "show", "jobs", "0", "0", "--json"],
            ["dlq", "show", "jobs", "0", "1"],
        ] {
            let shown = try await Tool.start(arguments, on: broker.bootstrapServers).end(within: .seconds(60))
            #expect(shown.status == 0 && !shown.text.contains("hunter2"), "\(arguments): \(shown)")
            let all = try Tool.start(arguments + ["--secrets"], on: broker.bootstrapServers)
            #expect(try await all.end(within: .seconds(60)).text.contains("hunter2"), "\(arguments)")
        }
    }

    @Test func secretsInArgumentsAndOpenFilesAreWarnedOf() async throws {
        let broker = try EmbeddedBroker(topics: ["jobs": 1])
        let folder = try TemporaryDirectory("attack")
        let keys = folder.url.appending(path: "keys")
        let properties = folder.url.appending(path: "properties")
        try Data("a=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n".utf8).write(to: keys)
        try Data("# secret\nsasl.password=hunter2\n\nclient.id=me\n".utf8).write(to: properties)
        func mode(_ mode: Int) throws {
            for file in [keys, properties] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path())
            }
        }
        func errors(_ arguments: [String]) async throws -> String {
            let output = try await Tool.start(["tail", "jobs"] + arguments, on: broker.bootstrapServers)
                .end(within: .seconds(60))
            #expect(output.status == 0, "\(output)")
            #expect(!output.errorText.contains("hunter2"))
            return output.errorText
        }
        let files = ["--keys", keys.path(), "--properties", properties.path()]
        try mode(0o644)
        #expect(try await errors(files).components(separatedBy: "may be read by others: chmod 600").count == 3)
        try mode(0o600)
        #expect(try await errors(files) == "")
        #expect(try await errors(["-X", "sasl.password=hunter2"]).contains("--property holds a secret"))
        #expect(try await errors(["-X", "client.id=me"]) == "")
        let store = try Tool.start(
            ["operations", "list", "--store", "postgresql://u:hunter2@127.0.0.1:1/x"],
            on: broker.bootstrapServers
        )
        let refused = try await store.end(within: .seconds(60))
        #expect(
            refused.errorText.contains("--store holds a secret") && !refused.errorText.contains("hunter2"),
            "\(refused)"
        )
    }

    @Test func aRunningFileIsReplacedAsAWholeAndNotThroughALink() async throws {
        let folder = try TemporaryDirectory("attack")
        let victim = folder.url.appending(path: "victim")
        let path = folder.url.appending(path: "running").path()
        try Data("precious".utf8).write(to: victim)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: victim.path())
        let controller = Controller(middleware: [RunningFile(path: path)], logger: .none)
        try await controller.register("step") { (_: JSONObject, execution) in
            execution.result(stdout: (try? String(contentsOfFile: path, encoding: .utf8)) ?? "none")
        }
        let result = await controller.run(Message(uuid: "u", entrypoint: "step"))
        #expect(result.stdout == "step[u]")
        #expect(try String(contentsOf: victim, encoding: .utf8) == "precious")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "")
        // Nothing else is left.
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path()).sorted() == ["running", "victim"]
        )
    }
}

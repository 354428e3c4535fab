import Foundation
import Kser
import KserKafka
import TestSupport
import Testing

/// A server that speaks TLS and no Kafka is enough: certificates come first.
@Suite("Certificates that are refused", .timeLimit(.minutes(1)))
struct CertificateTests {
    private func openssl(_ arguments: [String]) async throws {
        let process = try ChildProcess(try Components.program("openssl"), arguments)
        let end = try await process.end(within: .seconds(20))
        try #require(end.status == 0, "\(end)")
    }

    private func makeCertificate(_ name: String, for hosts: String, in folder: TemporaryDirectory) async throws {
        try await openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-keyout", "\(folder.path)/\(name).key", "-out", "\(folder.path)/\(name).pem", "-subj", "/CN=\(name)",
            "-addext", "subjectAltName=\(hosts)",
        ])
    }

    @Test(
        "each in one way, with the settings",
        arguments: [
            // the server's certificate, the one that the client trusts, the hosts of the first, what the server asks for
            ("a", "b", "IP:127.0.0.1", [String]()),
            ("a", "a", "DNS:elsewhere.invalid", []),
            ("a", "a", "IP:127.0.0.1", ["-tls1_3", "-Verify", "1", "-verify_return_error"]),
            ("a", "a", "IP:127.0.0.1", ["-tls1_2", "-Verify", "1", "-verify_return_error"]),
        ]
    )
    func refused(_ own: String, _ trusted: String, _ hosts: String, _ options: [String]) async throws {
        let folder = try TemporaryDirectory("certificates")
        try await makeCertificate("a", for: hosts, in: folder)
        try await makeCertificate("b", for: hosts, in: folder)
        let certificate = ["-cert", "\(folder.path)/\(own).pem", "-key", "\(folder.path)/\(own).key"]
        let server = try ChildProcess(
            try Components.program("openssl"),
            ["s_server", "-accept", "127.0.0.1:0", "-www"] + certificate + options
        )
        var line = ""
        while !line.hasPrefix("ACCEPT ") { line = try await server.line(within: .seconds(20)) }
        let port = try #require(line.split(separator: ":").last)
        let tls = Security.TLS(caLocation: "\(folder.path)/\(trusted).pem")
        let admin = try Admin(
            bootstrapServers: "127.0.0.1:\(port)",
            security: Security(tls: tls),
            timeout: .seconds(5)
        )
        let error = await kafkaError { _ = try await admin.topics() }
        #expect(error?.code == .authentication, "\(String(describing: error))")
        #expect(error?.message.contains("security.tls") == true, "\(String(describing: error))")
        server.terminate()
    }
}

import Foundation
import Kser
import KserKafka
import Testing

@Suite("Security settings")
struct SecurityTests {
    private func error(_ security: Security) async -> KafkaError? {
        var configuration = ProducerConfiguration(bootstrapServers: "localhost:1")
        configuration.security = security
        return await kafkaError { _ = try Producer(configuration) }
    }

    @Test("a file that is not there is named with its setting")
    func missingFiles() async {
        let tls: [(Security.TLS, String)] = [
            (.init(caLocation: "/no/such/ca.pem"), "caLocation"),
            (.init(certificateLocation: "/no/such/client.pem", keyLocation: "/etc/hostname"), "certificateLocation"),
            (.init(certificateLocation: "/etc/hostname", keyLocation: "/no/such/client.key"), "keyLocation"),
        ]
        for (tls, setting) in tls {
            let error = await error(Security(tls: tls))
            #expect(error?.code == .configuration)
            #expect(error?.message.contains("setting security.tls.\(setting)") == true, "\(String(describing: error))")
            #expect(error?.message.contains("/no/such/") == true, "\(String(describing: error))")
        }
    }

    @Test("a file that holds something else is named with its setting")
    func wrongFiles() async {
        let error = await error(Security(tls: .init(caLocation: "/etc/hostname")))
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("setting security.tls.caLocation") == true, "\(String(describing: error))")
        #expect(error?.message.contains("/etc/hostname") == true, "\(String(describing: error))")
    }

    @Test("a key without a certificate, and a certificate without a key")
    func halves() async {
        for (tls, missing) in [
            (Security.TLS(keyLocation: "/etc/hostname"), "certificateLocation"),
            (Security.TLS(certificateLocation: "/etc/hostname"), "keyLocation"),
        ] {
            let error = await error(Security(tls: tls))
            #expect(error?.code == .configuration)
            #expect(error?.message.contains("security.tls.\(missing)") == true, "\(String(describing: error))")
        }
    }

    @Test("a mechanism that there is not")
    func mechanism() async {
        let sasl = Security.SASL(.init(rawValue: "SCRAM-SHA-1024"), username: "u", password: "hush")
        let error = await error(Security(sasl: sasl))
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("setting security.sasl.mechanism") == true, "\(String(describing: error))")
        #expect(error?.message.contains("SCRAM-SHA-1024") == true && error?.message.contains("hush") == false)
    }
}

import CLibpq
import Kser

/// A connection string that libpq can read. Its description has no secrets.
struct PostgresAddress: Sendable, CustomStringConvertible {
    let text: String
    let description: String

    init(_ text: String) throws(StoreError) {
        // libpq's own message quotes the text, with the password in it.
        guard let options = PQconninfoParse(text, nil) else {
            throw StoreError(
                .configuration,
                "The connection string cannot be read: write \"host=… dbname=… user=…\" or \"postgresql://user@host/name\""
            )
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.text = text
        let host = values["host"] ?? values["hostaddr"] ?? values["service"] ?? "local"
        description = "postgresql://\(host)\(values["port"].map { ":\($0)" } ?? "")/\(values["dbname"] ?? "")"
    }
}

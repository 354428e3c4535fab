internal import CLibrdkafka

/// One property of librdkafka, and the setting of ours that it comes from.
struct RDKafkaProperty: Sendable {
    var name: String
    var value: String
    /// The setting to name in errors; nil for one given in `additional`.
    var setting: String?

    init(_ name: String, _ value: String, setting: String? = nil) {
        self.name = name
        self.value = value
        self.setting = setting
    }
}

/// Owns a `rd_kafka_conf_t` until a client takes it over, and frees it when none does.
struct RDKafkaSettings: ~Copyable {
    /// The C object.
    let pointer: OpaquePointer
    private var properties: [String: RDKafkaProperty] = [:]
    private var isOwned = true

    init() { pointer = rd_kafka_conf_new() }

    deinit { if isOwned { rd_kafka_conf_destroy(pointer) } }

    /// Sets properties in order; a later one of the same name replaces an earlier one.
    ///
    /// - Throws: ``KafkaError`` that names the setting and the property.
    mutating func set(_ properties: [RDKafkaProperty]) throws(KafkaError) {
        for property in properties { try set(property) }
    }

    /// Sets a property.
    ///
    /// - Throws: ``KafkaError`` that names the setting and the property.
    mutating func set(_ property: RDKafkaProperty) throws(KafkaError) {
        let (result, text) = withErrorText { rd_kafka_conf_set(pointer, property.name, property.value, $0, $1) }
        guard result == RD_KAFKA_CONF_OK else { throw refusal(of: property, text) }
        properties[property.name] = property
    }

    /// The error of a client that librdkafka did not make: it names the setting when the text names its property.
    func refusal(_ text: String) -> KafkaError {
        let named = properties.values.filter { text.contains($0.name) }.max { $0.name.count < $1.name.count }
        guard let named else { return KafkaError(.configuration, "librdkafka refused the settings: \(text)") }
        let value = SecretNames.isSecret(named.name) ? "" : "\"\(named.value)\" is refused: "
        return refusal(of: named, "\(value)\(text)")
    }

    private func refusal(of property: RDKafkaProperty, _ text: String) -> KafkaError {
        // Text of librdkafka quotes the value, which may be a secret.
        let reason = SecretNames.isSecret(property.name) ? "its value is refused" : text
        let place = property.setting.map { "setting \($0)" } ?? "setting additional[\"\(property.name)\"]"
        var error = KafkaError(.configuration, "\(place) (librdkafka's \(property.name)): \(reason)")
        error.rdKafkaCode = RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue
        error.rdKafkaName = "_INVALID_ARG"
        return error
    }

    /// Sets a property when this version of librdkafka has it.
    func setIfKnown(_ name: String, _ value: String) {
        _ = withErrorText { rd_kafka_conf_set(pointer, name, value, $0, $1) }
    }

    /// Ends the ownership: a client has taken the C object over.
    consuming func relinquish() { isOwned = false }
}

/// Calls a C function that writes a text of at most 512 bytes when it fails.
func withErrorText<Result>(
    _ body: (UnsafeMutablePointer<CChar>, Int) -> Result
) -> (result: Result, text: String) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        buffer.initialize(repeating: 0)
        guard let base = buffer.baseAddress else { preconditionFailure("an allocation of 512 bytes has an address") }
        let result = body(base, buffer.count)
        return (result, String(cString: base))
    }
}

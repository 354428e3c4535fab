/// The entrypoints of a controller by name, in the order of registration.
typealias Registry = ScalarDictionary<RegisteredEntrypoint>

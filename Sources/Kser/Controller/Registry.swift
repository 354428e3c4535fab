/// The entrypoints of a controller by name.
struct Registry: Sendable {
    private(set) var names: [String] = []
    private var entrypoints: [EntrypointName: RegisteredEntrypoint] = [:]

    subscript(name: String) -> RegisteredEntrypoint? { entrypoints[EntrypointName(text: name)] }

    mutating func insert(_ entrypoint: RegisteredEntrypoint, as name: String) {
        if entrypoints.updateValue(entrypoint, forKey: EntrypointName(text: name)) == nil { names.append(name) }
    }

    mutating func remove(_ name: String) -> Bool {
        let key = EntrypointName(text: name)
        names.removeAll { EntrypointName(text: $0) == key }
        return entrypoints.removeValue(forKey: key) != nil
    }
}

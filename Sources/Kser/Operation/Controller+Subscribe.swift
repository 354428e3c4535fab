import Synchronization

extension Controller {
    /// Registers a task or an operation under its path, unless something is registered there (kser:
    /// `OperationRegistry.subscribe`).
    ///
    /// - Returns: whether it was registered.
    /// - Throws: ``KserError`` `validation` for an empty path.
    @discardableResult
    public func subscribe(_ task: some TaskEntrypoint) throws -> Bool {
        if registry.withLock({ $0[task.path] != nil }) { return false }
        logger.log(.info) {
            LogRecord(.info, logger: "kser.sequencing.registry", "Operation registry: loaded \(task.path)")
        }
        try register(task)
        return true
    }
}

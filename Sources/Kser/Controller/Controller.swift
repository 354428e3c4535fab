import Synchronization

/// Dispatches messages to the entrypoints that are registered with it (kser: `Controller`).
///
///     let controller = Controller()
///     try await controller.register(Hello())
///     try await controller.register("mail.send") { (mail: Mail, execution) in try await mailer.send(mail) }
///
/// Registering goes through the actor; dispatch reads the registry without entering it, so messages never queue behind
/// one another, and handlers run on their caller's executor.
public actor Controller {
    /// The name in log lines: kser's class name.
    public nonisolated let name: String
    /// How record values become messages.
    public nonisolated let codec: any MessageCodec
    /// How dates in params and results are written, where an entrypoint has no way of its own.
    public nonisolated let dateStrategy: DateStrategy
    /// Where log lines go.
    public nonisolated let logger: KserLogger
    /// Who is told what happens to messages, here and in the workers that this controller runs for.
    public nonisolated let monitor: (any KserMonitor)?

    nonisolated let observer: (any ExecutionObserver)?
    nonisolated let hooks: ControllerHooks
    nonisolated let middleware: [any Middleware]
    nonisolated let registry = Mutex(Registry())

    /// Makes a controller with nothing registered.
    ///
    /// - Parameters:
    ///   - name: the name in log lines.
    ///   - codec: how record values become messages; `KserCrypto` has one that opens sealed messages.
    ///   - hooks: what the application does for every message.
    ///   - middleware: code around every dispatch, the first outermost.
    ///   - dateStrategy: how dates in params and results are written, where an entrypoint has no way of its own.
    ///   - logger: where log lines go.
    ///   - monitor: who is told what happens to messages, such as `KserMetrics`; nil costs a branch.
    public init(
        name: String = "Controller",
        codec: any MessageCodec = JSONMessageCodec(),
        hooks: ControllerHooks = ControllerHooks(),
        middleware: [any Middleware] = [],
        dateStrategy: DateStrategy = .secondsSince2001,
        logger: KserLogger = .standard,
        monitor: (any KserMonitor)? = GlobalMonitor.monitor
    ) {
        self.init(
            name: name,
            codec: codec,
            hooks: hooks,
            middleware: middleware,
            dateStrategy: dateStrategy,
            logger: logger,
            monitor: monitor,
            observer: nil
        )
    }

    package init(
        name: String,
        codec: any MessageCodec,
        hooks: ControllerHooks,
        middleware: [any Middleware],
        dateStrategy: DateStrategy = .secondsSince2001,
        logger: KserLogger,
        monitor: (any KserMonitor)?,
        observer: (any ExecutionObserver)?
    ) {
        self.name = name
        self.codec = codec
        self.hooks = hooks
        self.middleware = middleware
        self.dateStrategy = dateStrategy
        self.logger = logger
        self.monitor = monitor
        self.observer = observer
    }
}

extension Controller {
    /// Registers an entrypoint; a later one of the same name replaces it.
    ///
    /// - Parameters:
    ///   - entrypoint: the entrypoint.
    ///   - name: the name that messages carry; the entrypoint's path when nil.
    /// - Throws: ``KserError`` `validation` for an empty name.
    @inlinable
    public func register(_ entrypoint: some Entrypoint, as name: String? = nil) throws {
        try insert(RegisteredEntrypoint(entrypoint), as: name ?? entrypoint.path)
    }

    @usableFromInline
    func insert(_ entrypoint: RegisteredEntrypoint, as name: String) throws {
        if name.isEmpty {
            throw KserError.validation("An entrypoint needs a name; give its path or register(_:as:) some text")
        }
        registry.withLock { $0[name] = entrypoint }
        logger.log(.debug) { LogRecord(.debug, logger: "kser.controller", "\(self.name).Registered: \(name)") }
    }

    /// Registers a closure.
    ///
    /// It may give an ``ExecutionResult``, nothing (an empty success), or any `Encodable` value. One that is an object in JSON
    /// becomes the result's `retval`; all else, such as a number, a text, a list or nil, becomes `{"value": …}`.
    ///
    /// - Parameters:
    ///   - name: the name that messages carry.
    ///   - handler: the work; it takes the decoded params.
    /// - Throws: ``KserError`` `validation` for an empty name, or when the closure gives something else.
    @inlinable
    public func register<Parameters: Decodable & Sendable, Output: Sendable>(
        _ name: String,
        handler: @escaping @Sendable (Parameters, Execution) async throws -> Output
    ) throws {
        try register(ClosureEntrypoint(path: name, handler: handler))
    }

    /// Takes an entrypoint out of the registry.
    ///
    /// - Returns: false when no entrypoint has this name.
    @discardableResult
    public func unregister(_ name: String) -> Bool {
        registry.withLock { registry in
            defer { registry[name] = nil }
            return registry[name] != nil
        }
    }

    /// The names of the registered entrypoints, in the order of registration.
    public nonisolated var entrypoints: [String] { registry.withLock { $0.list.map(\.key) } }
}

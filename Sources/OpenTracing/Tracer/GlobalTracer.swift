import Synchronization

/// A place for a tracer that libraries find without being handed one: a no-op tracer until another is registered.
///
/// ``shared`` is the one behind ``globalTracer()``; tests that run side by side make their own and pass it on.
public final class GlobalTracer: Sendable {
    /// The place for the whole process.
    public static let shared = GlobalTracer()

    private let registered = Atomic(false)
    private let registration = Mutex<(any Tracer)?>(nil)

    /// Makes a place with no tracer registered.
    public init() {}

    /// The registered tracer, or the no-op tracer.
    public var tracer: any Tracer {
        guard registered.load(ordering: .acquiring) else { return NoopTracer.shared }
        return registration.withLock { $0 } ?? NoopTracer.shared
    }

    /// Whether a tracer was registered.
    public var isRegistered: Bool { registered.load(ordering: .acquiring) }

    /// Registers a tracer; it replaces one that was registered before.
    public func register(_ tracer: any Tracer) {
        let previous = registration.withLock { registration in
            defer { registration = tracer }
            return registration
        }
        registered.store(true, ordering: .releasing)
        withExtendedLifetime(previous) {}
    }

    /// Forgets the registered tracer: for tests only.
    public func reset() {
        registered.store(false, ordering: .releasing)
        let previous = registration.withLock { registration in
            defer { registration = nil }
            return registration
        }
        withExtendedLifetime(previous) {}
    }
}

/// The tracer registered for the whole process, or the no-op tracer.
public func globalTracer() -> any Tracer { GlobalTracer.shared.tracer }

/// Registers a tracer for the whole process; it replaces one that was registered before.
public func setGlobalTracer(_ tracer: any Tracer) { GlobalTracer.shared.register(tracer) }

/// Whether a tracer was registered for the whole process.
public func isGlobalTracerRegistered() -> Bool { GlobalTracer.shared.isRegistered }

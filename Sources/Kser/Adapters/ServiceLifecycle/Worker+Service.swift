#if ServiceLifecycle
public import ServiceLifecycle

/// A worker is a service of swift-service-lifecycle; with the trait `ServiceLifecycle`.
///
///     let options = WorkerOptions(shutdownSignals: [])
///     let worker = Worker(consumer: consumer, controller: controller, options: options)
///     try await ServiceGroup(services: [worker], gracefulShutdownSignals: [.sigterm], logger: logger).run()
///
/// A graceful shutdown of the group is ``Worker/shutdown()``: handlers in flight finish within the consumer's drain deadline.
extension Worker: Service {}

extension Worker {
    /// Works, and stops when the group that the worker is in shuts down.
    func heedingServiceGroup(_ work: () async throws -> Void) async throws {
        try await withGracefulShutdownHandler(operation: work) { self.stop() }
    }
}
#else
extension Worker {
    /// Works.
    func heedingServiceGroup(_ work: () async throws -> Void) async throws { try await work() }
}
#endif

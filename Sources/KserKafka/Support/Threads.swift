import Foundation
import Synchronization

/// Starts a thread.
///
/// - Parameters:
///   - name: what debuggers and `ps` show; at most 15 bytes.
///   - body: what it does.
/// - Throws: ``KafkaError/Code/resourceExhausted`` when the process may have no more threads.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(KafkaError) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    // The types differ between systems in what is optional.
    #if canImport(Darwin)
    var thread: pthread_t?
    let status = pthread_create(&thread, nil, { run($0) }, start.toOpaque())
    if status == 0, let thread { pthread_detach(thread) }
    #else
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, { $0.flatMap { run($0) } }, start.toOpaque())
    if status == 0 { pthread_detach(thread) }
    #endif
    if status == 0 { return }
    start.release()
    throw KafkaError(
        .resourceExhausted,
        "thread \(name) cannot be made: \(String(cString: strerror(status))); "
            + "raise the process's limit of threads or memory (ulimit -u, pids.max)",
        isRetriable: true
    )
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func run(_ start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    let start = Unmanaged<ThreadStart>.fromOpaque(start).takeRetainedValue()
    Thread.current.name = start.name
    start.body()
    return nil
}

/// Destroys what waits for threads of librdkafka meanwhile, each on a thread of its own, for one of them may hang. Where
/// no thread can be made, the next one does it too.
enum Disposal {
    private static let waiting = Mutex<[@Sendable () -> Void]>([])

    static func dispose(_ destroy: @escaping @Sendable () -> Void) {
        waiting.withLock { $0.append(destroy) }
        try? startThread("kser.dispose") {
            while let destroy = waiting.withLock({ $0.popLast() }) { destroy() }
        }
    }
}

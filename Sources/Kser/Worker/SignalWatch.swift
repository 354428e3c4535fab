import Dispatch
import Foundation
import Synchronization

/// Calls an action for each of some signals until it is ended; then they do again what they did before.
///
/// The handler writes the signal's number into a pipe. A dispatch source for signals would not do on Linux: it reads
/// only what no thread of the process takes first, and an ignored signal would stay ignored in child processes.
package final class SignalWatch: Sendable {
    private let id: Int?

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - signals: which signals; with none, nothing happens.
    ///   - action: called on a thread of its own for every one that comes.
    package init(_ signals: Set<ShutdownSignal>, _ action: @escaping @Sendable () -> Void) {
        id = signals.isEmpty ? nil : Self.state.withLock { $0.add(Watch(signals: signals, action: action)) }
    }

    /// Ends the watch.
    package func end() {
        guard let id else { return }
        Self.state.withLock { $0.remove(id) }
    }

    deinit { end() }

    private struct Watch {
        var signals: Set<ShutdownSignal>
        var action: @Sendable () -> Void
    }

    private static let state = Mutex(State())

    private struct State: ~Copyable {
        private var watches: [Int: Watch] = [:]
        private var nextID = 0
        private var replaced: [ShutdownSignal: sigaction] = [:]
        private var source: (any DispatchSourceRead)?

        func actions(for signal: ShutdownSignal) -> [@Sendable () -> Void] {
            watches.values.filter { $0.signals.contains(signal) }.map(\.action)
        }

        mutating func add(_ watch: Watch) -> Int? {
            if source == nil { source = SignalWatch.openPipe() }
            if source == nil { return nil }
            for signal in watch.signals where replaced[signal] == nil {
                var before = sigaction()
                sigaction(signal.number, nil, &before)
                replaced[signal] = before
                _ = Foundation.signal(signal.number, noteSignal)
            }
            nextID += 1
            watches[nextID] = watch
            return nextID
        }

        mutating func remove(_ id: Int) {
            guard let watch = watches.removeValue(forKey: id) else { return }
            for signal in watch.signals where actions(for: signal).isEmpty {
                guard var before = replaced.removeValue(forKey: signal) else { continue }
                sigaction(signal.number, &before, nil)
            }
        }
    }

    /// Opens the pipe, which then stays open for the life of the process.
    private static func openPipe() -> (any DispatchSourceRead)? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        signalPipe = ends[1]
        let reading = ends[0]
        let source = DispatchSource.makeReadSource(fileDescriptor: reading, queue: DispatchQueue(label: "kser.signals"))
        source.setEventHandler {
            var number: UInt8 = 0
            while read(reading, &number, 1) == 1 {
                let signal = ShutdownSignal(number: Int32(number))
                for action in state.withLock({ $0.actions(for: signal) }) { action() }
            }
        }
        source.activate()
        return source
    }
}

/// Where ``noteSignal`` writes; set once, before any handler is.
nonisolated(unsafe) private var signalPipe: Int32 = -1

/// Runs in the middle of anything: it may only call what is safe there.
private let noteSignal: @convention(c) (Int32) -> Void = { number in
    let before = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(signalPipe, &byte, 1)
    errno = before
}

import Dispatch
import Foundation
import Synchronization

/// The connections that are open, so that no client can keep the others out: the one that has been at its request longest
/// makes room for a new one, and no request takes longer than its time.
///
/// Those that ask for health are spared, as far as the budget that is theirs alone goes.
final class ConnectionTable: Sendable {
    /// What clients may take up.
    struct Limits: Sendable {
        /// In all, those that ask for health not counted.
        var connections = 256
        /// Of one address.
        var ofOneAddress = 64
        /// That ask for health, in all and of one address.
        var health = 32
        var healthOfOneAddress = 8
        /// How long a request may take, from its first byte, or the opening of its connection, to the last of its answer.
        var time = Duration.seconds(10)
    }

    private struct Entry {
        let socket: Int32
        let client: ClientAddress
        /// Since when its request is waited for.
        var start: ContinuousClock.Instant
        var isHealth = false
        var isClosing = false
    }

    private struct State {
        var entries: [UInt: Entry] = [:]
        var isSweeping = false
    }

    private let limits: Limits
    private let state = Mutex(State())

    init(_ limits: Limits = Limits()) { self.limits = limits }

    /// Notes a connection, and closes another one where there are too many.
    func open(_ id: UInt, socket: Int32, of client: ClientAddress) {
        let mustSweep = state.withLock { state in
            let open = state.entries.filter { !$0.value.isHealth && !$0.value.isClosing }
            let ofClient = open.filter { $0.value.client == client }
            if ofClient.count >= limits.ofOneAddress {
                close(ofClient.min { $0.value.start < $1.value.start }?.key, in: &state)
            } else if open.count >= limits.connections {
                close(open.min { $0.value.start < $1.value.start }?.key, in: &state)
            }
            state.entries[id] = Entry(socket: socket, client: client, start: .now)
            defer { state.isSweeping = true }
            return !state.isSweeping
        }
        if mustSweep { sweepLater() }
    }

    /// Forgets a connection, before its socket is closed.
    func close(_ id: UInt) { state.withLock { _ = $0.entries.removeValue(forKey: id) } }

    /// Notes that a connection asks for health, and is spared.
    func beginHealth(_ id: UInt) {
        state.withLock { state in
            guard let client = state.entries[id]?.client else { return }
            let health = state.entries.values.filter { $0.isHealth }
            if health.count >= limits.health { return }
            if health.count(where: { $0.client == client }) >= limits.healthOfOneAddress { return }
            state.entries[id]?.isHealth = true
        }
    }

    /// Notes that a request is through; the next one's time begins.
    func endRequest(_ id: UInt) {
        state.withLock { state in
            state.entries[id]?.isHealth = false
            state.entries[id]?.start = .now
        }
    }

    /// Ends a connection. Its thread closes the socket once it sees that: until then the number is not another's.
    private func close(_ id: UInt?, in state: inout State) {
        guard let id, let entry = state.entries[id] else { return }
        shutdown(entry.socket, Self.both)
        state.entries[id]?.isClosing = true
    }

    private func sweepLater() {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        let isEmpty = state.withLock { state in
            let now = ContinuousClock.now
            for (id, entry) in state.entries where !entry.isClosing && entry.start + limits.time <= now {
                close(id, in: &state)
            }
            state.isSweeping = !state.entries.isEmpty
            return !state.isSweeping
        }
        if !isEmpty { sweepLater() }
    }

    #if os(Linux)
    private static let both = Int32(SHUT_RDWR)
    #else
    private static let both = SHUT_RDWR
    #endif
}

/// Who a client is: an address of IPv4, or the first half of one of IPv6, which is how many one client has.
struct ClientAddress: Hashable, Sendable {
    private let bytes: [UInt8]

    init(_ address: UnsafePointer<sockaddr>?) {
        guard let address else {
            bytes = []
            return
        }
        let pointer = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            var client = pointer.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_addr
            bytes = withUnsafeBytes(of: &client) { Array($0) }
        case AF_INET6:
            var client = pointer.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_addr
            let whole = withUnsafeBytes(of: &client) { Array($0) }
            // An address of IPv4 within one of IPv6.
            let isMapped = whole.starts(with: [UInt8](repeating: 0, count: 10) + [0xff, 0xff])
            bytes = isMapped ? Array(whole.suffix(4)) : Array(whole.prefix(8))
        default: bytes = []
        }
    }
}

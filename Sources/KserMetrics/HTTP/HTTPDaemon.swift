internal import CLibmicrohttpd
import Dispatch
import Foundation
import Synchronization

/// libmicrohttpd's server: one thread of its own, that never waits for anything but sockets.
final class HTTPDaemon: Sendable {
    enum Limit {
        /// More than the table of connections lets be, which closes them in its own order.
        static let connections = 512
        static let idleSeconds = 10
        /// Bytes of one connection's buffers, which hold the header of its request.
        static let connectionMemory = 32_768
    }

    let port: UInt16
    private let connections: ConnectionTable
    private let answer: @Sendable (HTTPRequest) -> HTTPReply
    private let state = Mutex(State())
    /// The exchanges whose reply is waited for.
    private let pending = DispatchGroup()

    private struct State: Sendable {
        var daemon: Daemon?
        var isStopping = false
        var isYielding = false
    }

    /// The server's handle.
    private struct Daemon: @unchecked Sendable {
        // Unchecked: libmicrohttpd locks what it points to, and stop() takes it out of the state before it is freed.
        let pointer: OpaquePointer
    }

    /// Starts to listen. What it returns has to be stopped.
    ///
    /// - Throws: ``MetricsError/Code/listening``.
    static func start(
        address: String,
        port: UInt16,
        limits: ConnectionTable.Limits = ConnectionTable.Limits(),
        answer: @escaping @Sendable (HTTPRequest) -> HTTPReply
    ) throws(MetricsError) -> HTTPDaemon {
        let socket = try ListeningSocket(address: address, port: port)
        let server = HTTPDaemon(port: socket.port, limits, answer: answer)
        guard let pointer = server.open(socket) else {
            close(socket.descriptor)
            throw MetricsError(.listening, "listening on \(address):\(port): libmicrohttpd did not start a server")
        }
        server.state.withLock { $0.daemon = Daemon(pointer: pointer) }
        return server
    }

    private init(
        port: UInt16,
        _ limits: ConnectionTable.Limits,
        answer: @escaping @Sendable (HTTPRequest) -> HTTPReply
    ) {
        self.port = port
        connections = ConnectionTable(limits)
        self.answer = answer
    }

    private func open(_ socket: ListeningSocket) -> OpaquePointer? {
        // stop() joins the server's thread, and this object is there until then: it is running it.
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        var options = [
            MHD_OptionItem(.LISTEN_SOCKET, Int(socket.descriptor)),
            MHD_OptionItem(.CONNECTION_LIMIT, Limit.connections),
            MHD_OptionItem(.CONNECTION_TIMEOUT, Limit.idleSeconds),
            MHD_OptionItem(.CONNECTION_MEMORY_LIMIT, Limit.connectionMemory),
            MHD_OptionItem(.NOTIFY_COMPLETED, unsafeBitCast(Self.onCompletion, to: Int.self), opaque),
            MHD_OptionItem(.NOTIFY_CONNECTION, unsafeBitCast(Self.onConnection, to: Int.self), opaque),
            MHD_OptionItem(.END, 0),
        ]
        let flags = MHD_USE_AUTO_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
        return options.withUnsafeMutableBufferPointer { options -> OpaquePointer? in
            guard let options = options.baseAddress else { return nil }
            return withVaList([MHD_OPTION.ARRAY.rawValue, options, MHD_OPTION.END.rawValue]) { arguments in
                MHD_start_daemon_va(flags, 0, nil, nil, Self.onRequest, opaque, arguments)
            }
        }
    }

    /// Waits for the replies that are being made, then closes all connections. It blocks: never call it on the
    /// cooperative pool.
    func stop() {
        let daemon = state.withLock { state in
            state.isStopping = true
            return state.daemon.take()
        }
        guard let daemon else { return }
        // Stopping is not allowed while a reply is waited for.
        pending.wait()
        MHD_stop_daemon(daemon.pointer)
    }
}

// What libmicrohttpd calls, on its thread.
extension HTTPDaemon {
    /// Called when the header of a request is there, with each part of its body, and until there is a response.
    private static let onRequest: MHD_AccessHandlerCallback = {
        server,
        connection,
        path,
        method,
        _,
        _,
        bodySize,
        context in
        guard let server, let connection, let path, let method, let bodySize, let context else { return .NO }
        let daemon = Unmanaged<HTTPDaemon>.fromOpaque(server).takeUnretainedValue()
        guard let opaque = context.pointee else {
            daemon.yieldToWork()
            if HTTPRequest.asksForHealth(String(cString: path)) { daemon.connections.beginHealth(id(of: connection)) }
            context.pointee = Unmanaged.passRetained(Exchange()).toOpaque()
            return .YES
        }
        if bodySize.pointee > 0 {
            // Nobody wants it.
            bodySize.pointee = 0
            return .YES
        }
        let exchange = Unmanaged<Exchange>.fromOpaque(opaque).takeUnretainedValue()
        if let response = exchange.response { return send(response, connection) }
        let request = HTTPRequest(
            method: String(cString: method),
            path: String(cString: path),
            accept: HeaderLines.value(of: "Accept", connection),
            acceptEncoding: HeaderLines.value(of: "Accept-Encoding", connection)
        )
        return daemon.serve(request, exchange, Connection(pointer: connection))
    }

    /// Called when a request is through, however it ended.
    private static let onCompletion: MHD_RequestCompletedCallback = { server, connection, context, _ in
        if let server, let connection {
            let daemon = Unmanaged<HTTPDaemon>.fromOpaque(server).takeUnretainedValue()
            daemon.connections.endRequest(id(of: connection))
        }
        guard let opaque = context?.pointee else { return }
        Unmanaged<Exchange>.fromOpaque(opaque).release()
        context?.pointee = nil
    }

    /// Called when a connection is there, and before its socket is closed.
    private static let onConnection: MHD_NotifyConnectionCallback = { server, connection, _, code in
        guard let server, let connection else { return }
        let table = Unmanaged<HTTPDaemon>.fromOpaque(server).takeUnretainedValue().connections
        guard kser_mhd_is_started(code) != 0 else { return table.close(id(of: connection)) }
        guard let socket = kser_mhd_socket(connection)?.pointee.connect_fd else { return }
        table.open(
            id(of: connection),
            socket: socket,
            of: ClientAddress(kser_mhd_client(connection)?.pointee.client_addr)
        )
    }

    private static func id(of connection: OpaquePointer) -> UInt { UInt(bitPattern: connection) }

    /// Lets the program's own threads go first when there is more to do than processors: clients that ask without end
    /// then take little from the work.
    private func yieldToWork() {
        let isFirst = state.withLock { state in
            defer { state.isYielding = true }
            return !state.isYielding
        }
        guard isFirst else { return }
        #if os(Linux)
        // On Linux this is about the thread alone.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        #else
        pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0)
        #endif
    }

    private func serve(_ request: HTTPRequest, _ exchange: Exchange, _ connection: Connection) -> MHD_Result {
        let make: @Sendable () async -> HTTPResponse
        switch answer(request) {
        case .now(let response): return Self.send(response, connection.pointer)
        case .later(let work): make = work
        }
        let mayWait = state.withLock { state in
            if !state.isStopping { pending.enter() }
            return !state.isStopping
        }
        guard mayWait else { return .NO }
        MHD_suspend_connection(connection.pointer)
        // It ends: stop() waits for it, and health checks have a deadline.
        Task { [pending] in
            exchange.response = await make()
            MHD_resume_connection(connection.pointer)
            pending.leave()
        }
        return .YES
    }

    private static func send(_ response: HTTPResponse, _ connection: OpaquePointer) -> MHD_Result {
        let made = response.body.withUnsafeBytes { body in
            MHD_create_response_from_buffer(
                body.count,
                UnsafeMutableRawPointer(mutating: body.baseAddress),
                .RESPMEM_MUST_COPY
            )
        }
        guard let made else { return .NO }
        defer { MHD_destroy_response(made) }
        MHD_add_response_header(made, "Content-Type", response.contentType)
        for (name, value) in response.headers { MHD_add_response_header(made, name, value) }
        return MHD_queue_response(connection, response.status, made)
    }
}

/// A connection that is suspended.
private struct Connection: @unchecked Sendable {
    // Unchecked: libmicrohttpd keeps it until it is resumed, once, which is allowed from any thread.
    let pointer: OpaquePointer
}

/// One request on its way to its response.
private final class Exchange: Sendable {
    private let state = Mutex<HTTPResponse?>(nil)

    /// Set once the response that was waited for is there.
    var response: HTTPResponse? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

extension MHD_OptionItem {
    fileprivate init(_ option: MHD_OPTION, _ value: Int, _ context: UnsafeMutableRawPointer? = nil) {
        self.init(option: option, value: value, ptr_value: context)
    }
}

/// Collects the lines of a header: a client may send several.
private final class HeaderLines {
    private let name: String
    private var values: [String] = []

    private init(_ name: String) { self.name = name }

    /// The values with commas between them; nil when there is none.
    static func value(of name: String, _ connection: OpaquePointer) -> String? {
        let lines = HeaderLines(name.lowercased())
        MHD_get_connection_values(connection, .HEADER_KIND, collect, Unmanaged.passUnretained(lines).toOpaque())
        return lines.values.isEmpty ? nil : lines.values.joined(separator: ",")
    }

    private static let collect: MHD_KeyValueIterator = { context, _, key, value in
        guard let context, let key, let value else { return .YES }
        let lines = Unmanaged<HeaderLines>.fromOpaque(context).takeUnretainedValue()
        if String(cString: key).lowercased() == lines.name { lines.values.append(String(cString: value)) }
        return .YES
    }
}

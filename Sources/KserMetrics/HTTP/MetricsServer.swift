import Dispatch
import Gzip
public import Kser

/// Shows metrics and health over HTTP, on a thread of its own:
///
/// | path | answer |
/// |---|---|
/// | `/metrics` | the metrics, in the format that the client asks for, and compressed if it takes gzip |
/// | `/livez` | 200, or 503 when the process should be restarted |
/// | `/readyz` | 200, or 503 while it does not work |
///
///     let metrics = try WorkerMetrics()
///     let server = try MetricsServer(metrics, address: "127.0.0.1", port: 8888)
///
/// It listens until ``stop()`` is called or the last reference is gone, and takes at most 256 connections, 64 of one
/// address, each with a header of less than 32 KiB. A request has 10 s in all. One connection too many closes the one that
/// has been at its request longest; those that ask for health have room of their own.
///
/// Whoever reaches the port may ask: there is no login. By default it listens on all addresses, as kser does, and logs a
/// warning that says so: give `127.0.0.1`, or one that only your monitoring reaches.
public final class MetricsServer: Sendable {
    private let daemon: HTTPDaemon

    /// The port that it listens on.
    public var port: UInt16 { daemon.port }

    /// Starts to show any metrics.
    ///
    /// - Parameters:
    ///   - registry: the metrics.
    ///   - address: the address to listen on: IPv4, IPv6 or `localhost`; all of the machine's by default.
    ///   - port: the port to listen on; 0 takes a free one.
    ///   - live: what `/livez` asks.
    ///   - ready: what `/readyz` asks.
    ///   - logger: takes the warning that all addresses are listened on.
    /// - Throws: ``MetricsError/Code/listening`` when the port is taken or the address is not this machine's.
    public init(
        _ registry: MetricsRegistry,
        address: String = "0.0.0.0",
        port: UInt16 = 8888,
        live: [HealthCheck] = [],
        ready: [HealthCheck] = [],
        logger: KserLogger = .standard
    ) throws(MetricsError) {
        daemon = try HTTPDaemon.start(address: address, port: port) { request in
            Self.reply(to: request, registry, live: live, ready: ready)
        }
        guard ["0.0.0.0", "::"].contains(address) else { return }
        logger.log(.warning) { [port = daemon.port] in
            let line =
                "Metrics: port \(port) is open to all who reach this machine; give MetricsServer an address to limit it"
            return LogRecord(.warning, logger: "kser.metrics", line)
        }
    }

    /// Starts to show a worker's metrics and health: `/livez` asks ``WorkerMetrics/progressCheck(within:)``, `/readyz` asks
    /// ``WorkerMetrics/assignmentCheck()`` and ``WorkerMetrics/storeCheck()``.
    ///
    /// - Parameters:
    ///   - metrics: the metrics.
    ///   - address: the address to listen on; kser's default is all of the machine's.
    ///   - port: the port to listen on; kser's default is 8888, and 0 takes a free one.
    ///   - stallLimit: how long a partition with lag may stay where it is; 5 minutes by default.
    ///   - ready: what `/readyz` asks besides, such as whether a mail server is reached.
    ///   - logger: takes the warning that all addresses are listened on.
    /// - Throws: ``MetricsError/Code/listening`` when the port is taken or the address is not this machine's.
    public convenience init(
        _ metrics: WorkerMetrics,
        address: String = "0.0.0.0",
        port: UInt16 = 8888,
        stallLimit: Duration = .seconds(300),
        ready: [HealthCheck] = [],
        logger: KserLogger = .standard
    ) throws(MetricsError) {
        try self.init(
            metrics.registry,
            address: address,
            port: port,
            live: [metrics.progressCheck(within: stallLimit)],
            ready: [metrics.assignmentCheck(), metrics.storeCheck()] + ready,
            logger: logger
        )
    }

    deinit {
        let daemon = daemon
        DispatchQueue.global().async { daemon.stop() }
    }

    /// Stops to listen and closes all connections. It may be called again.
    public func stop() async {
        let daemon = daemon
        await withCheckedContinuation { done in
            DispatchQueue.global().async {
                daemon.stop()
                done.resume()
            }
        }
    }

    private static func reply(
        to request: HTTPRequest,
        _ registry: MetricsRegistry,
        live: [HealthCheck],
        ready: [HealthCheck]
    ) -> HTTPReply {
        guard request.method == "GET" || request.method == "HEAD" else {
            return .now(
                HTTPResponse(status: 405, body: Array("GET and HEAD only\n".utf8), headers: [("Allow", "GET, HEAD")])
            )
        }
        switch request.path {
        case "/metrics":
            let format = ExpositionFormat.preferred(by: request.accept)
            var response = HTTPResponse(contentType: format.contentType, body: registry.exposition(format))
            response.headers = [("Vary", "Accept, Accept-Encoding")]
            if AcceptedRange.acceptsGzip(request.acceptEncoding), let body = Gzip.compress(response.body) {
                response.body = body
                response.headers.append(("Content-Encoding", "gzip"))
            }
            return .now(response)
        case "/livez": return .later { await live.response() }
        case "/readyz": return .later { await ready.response() }
        default: return .now(HTTPResponse(status: 404, body: Array("Here are /metrics, /livez and /readyz\n".utf8)))
        }
    }
}

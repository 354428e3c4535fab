import Dispatch
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One request on a connection of its own, and its answer. Whatever happens first ends it: the answer, a failure, the
/// deadline or the task's cancellation. Nobody waits then for Foundation, which is told to give up.
final class HTTPExchange: NSObject, URLSessionDataDelegate {
    private struct State {
        var continuation: CheckedContinuation<HTTPResponse, any Error>?
        var session: URLSession?
        var response: HTTPResponse?
        var outcome: Result<HTTPResponse, any Error>?
    }

    private let state = Mutex(State())
    #if canImport(FoundationNetworking)
    private static let queue: OperationQueue? = ImmediateQueue()
    #else
    private static let queue: OperationQueue? = nil
    #endif

    /// Sends a request, and waits for the answer.
    static func run(_ request: HTTPRequest, until deadline: ContinuousClock.Instant) async throws -> HTTPResponse {
        let exchange = HTTPExchange()
        let timer = Task {
            try await Task.sleep(until: deadline)
            exchange.end(.failure(JaegerError(.timedOut, "there was no answer within \(request.timeout)")))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in exchange.begin(request, continuation) }
        } onCancel: {
            exchange.end(.failure(CancellationError()))
        }
    }

    private func begin(_ request: HTTPRequest, _ continuation: CheckedContinuation<HTTPResponse, any Error>) {
        let outcome = state.withLock { state in
            if state.outcome == nil { state.continuation = continuation }
            return state.outcome
        }
        if let outcome { return continuation.resume(with: outcome) }
        // Foundation on Linux waits here for what all of its sessions do, so no thread of Swift's tasks does.
        DispatchQueue.global().async { self.start(request) }
    }

    private func start(_ request: HTTPRequest) {
        if state.withLock({ $0.outcome != nil }) { return }
        let session = URLSession(configuration: .forOneRequest, delegate: self, delegateQueue: Self.queue)
        session.dataTask(with: request.forFoundation).resume()
        let isOver = state.withLock { state in
            if state.outcome == nil { state.session = session }
            return state.outcome != nil
        }
        if isOver { Self.giveUp(session) }
    }

    private func end(_ outcome: Result<HTTPResponse, any Error>) {
        let (continuation, session) =
            state.withLock { state in
                guard state.outcome == nil else { return (nil, nil) }
                state.outcome = outcome
                state.response = nil
                defer { (state.continuation, state.session) = (nil, nil) }
                return (state.continuation, state.session)
            } as (CheckedContinuation<HTTPResponse, any Error>?, URLSession?)
        continuation?.resume(with: outcome)
        if let session { Self.giveUp(session) }
    }

    /// Foundation waits for the session's queue, hence another one: who cancels holds the lock of the task that asks.
    private static func giveUp(_ session: URLSession) { DispatchQueue.global().async { session.invalidateAndCancel() } }

    func urlSession(
        _ session: URLSession,
        dataTask: URLSessionDataTask,
        didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        note(response)
        completionHandler(.allow)
    }

    /// Foundation on Linux tells of the headers without waiting for what is made of them.
    private func note(_ response: URLResponse?) {
        guard let answer = response as? HTTPURLResponse else {
            return end(.failure(JaegerError(.invalidAnswer, "the server does not speak HTTP")))
        }
        var headers: [String: String] = [:]
        for case (let name as String, let value as String) in answer.allHeaderFields {
            headers[name.lowercased()] = value
        }
        let response = HTTPResponse(status: answer.statusCode, headers: headers)
        state.withLock { $0.response = $0.response ?? response }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let excess = state.withLock { state -> HTTPResponse? in
            guard var response = state.response else { return nil }
            state.response = nil
            if response.body.count + data.count > HTTPResponse.maxBodyBytes {
                response.body = []
                response.isTooLarge = true
                return response
            }
            response.body += data
            state.response = response
            return nil
        }
        if let excess { end(.success(excess)) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error {
            let isLost = task.response == nil && (error as? URLError).map { Self.losses.contains($0.code) } == true
            // Not the error itself: it holds the URL, and that may hold a password.
            let reason = error.localizedDescription
            return end(.failure(isLost ? ConnectionLost(reason: reason) : JaegerError(.sendFailed, reason)))
        }
        note(task.response)
        if let response = state.withLock({ $0.response }) { end(.success(response)) }
    }

    /// What Foundation calls it when a connection ends where an answer should begin.
    private static let losses: Set<URLError.Code> = [.networkConnectionLost, .badServerResponse]

    /// Redirections are not followed, so that what is sent goes where it was meant to. Foundation on Linux keeps what comes with
    /// one, tells nobody of it, and does nothing else meanwhile: the deadline bounds that.
    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

/// A connection that ended before the answer began.
struct ConnectionLost: Error, CustomStringConvertible {
    var reason: String

    var description: String { "the connection was lost: \(reason)" }
}

#if canImport(FoundationNetworking)
/// Runs each block at once, where the session works: so the session reads no faster than the body is dropped. Foundation's
/// own queue would hold all that came meanwhile.
///
/// `@unchecked`: it adds no state to its superclass, which is Sendable.
private final class ImmediateQueue: OperationQueue, @unchecked Sendable {
    override func addOperation(_ block: @escaping @Sendable () -> Void) { block() }
}
#endif

extension URLSessionConfiguration {
    fileprivate static var forOneRequest: URLSessionConfiguration {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpShouldSetCookies = false
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        return configuration
    }
}

extension HTTPRequest {
    fileprivate var forFoundation: URLRequest {
        var request = URLRequest(url: url)
        // The deadline is ours: Foundation's own, a whole number of seconds between two bytes, only must not be sooner.
        request.timeoutInterval = (timeout.bounded / .seconds(1)).rounded(.up) + 60
        request.httpMethod = method
        request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
        request.setValue("close", forHTTPHeaderField: "Connection")
        request.setValue(JaegerProcess.userAgent, forHTTPHeaderField: "User-Agent")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if !body.isEmpty || method == "POST" { request.httpBody = Data(body) }
        return request
    }
}

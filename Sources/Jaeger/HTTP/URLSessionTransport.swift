import Dispatch
package import Foundation
import Synchronization

#if canImport(FoundationNetworking)
package import FoundationNetworking
#endif

/// Asks through Foundation; redirections are not followed, so that what is sent goes where it was meant to.
package final class URLSessionTransport: NSObject, HTTPTransport, URLSessionTaskDelegate {
    package static let shared = URLSessionTransport()

    private let session: URLSession

    private override init() {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
        super.init()
    }

    // Not the session's own async method: on Linux, cancellation deadlocks with the end of the request there.
    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let running = RunningTask()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let task = session.dataTask(with: request.forFoundation) { data, response, error in
                    continuation.resume(with: Result { try Self.answer(data, response, error) })
                }
                task.delegate = self
                task.resume()
                running.began(task)
            }
        } onCancel: {
            running.cancel()
        }
    }

    private static func answer(_ data: Data?, _ response: URLResponse?, _ error: (any Error)?) throws -> HTTPResponse {
        if let error { throw error }
        guard let answer = response as? HTTPURLResponse else {
            throw JaegerError(.invalidAnswer, "the server does not speak HTTP")
        }
        var headers: [String: String] = [:]
        for case (let name as String, let value as String) in answer.allHeaderFields {
            headers[name.lowercased()] = value
        }
        return HTTPResponse(status: answer.statusCode, headers: headers, body: data.map { Array($0) } ?? [])
    }

    package func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

/// A request that may be cancelled before it began.
private final class RunningTask: Sendable {
    private enum State {
        case waiting
        case running(URLSessionTask)
        case cancelled
    }

    private let state = Mutex(State.waiting)

    func began(_ task: URLSessionTask) {
        let isCancelled = state.withLock { state in
            if case .cancelled = state { return true }
            state = .running(task)
            return false
        }
        if isCancelled { task.cancel() }
    }

    /// Foundation waits for the session's queue, hence another one: who cancels holds the lock of the task that asks.
    func cancel() {
        let previous = state.withLock { state in
            defer { state = .cancelled }
            return state
        }
        if case .running(let task) = previous { DispatchQueue.global().async { task.cancel() } }
    }
}

extension HTTPRequest {
    fileprivate var forFoundation: URLRequest {
        var request = URLRequest(url: url, timeoutInterval: timeout / .seconds(1))
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if !body.isEmpty || method == "POST" { request.httpBody = Data(body) }
        return request
    }
}

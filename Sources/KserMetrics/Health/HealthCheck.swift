internal import Kser

/// A question that a health endpoint asks.
///
///     HealthCheck("store") { try await store.ping() }
public struct HealthCheck: Sendable {
    /// What is checked, as the endpoint names it.
    public var name: String
    /// How long an answer may take; a later one is a failure.
    public var timeout: Duration
    private let check: @Sendable () async throws -> Void

    /// Makes a check.
    ///
    /// - Parameters:
    ///   - name: what is checked.
    ///   - timeout: how long it may take; 5 s by default.
    ///   - check: throws when something is wrong. The error's text is shown to whoever asks, so it holds no secret.
    public init(_ name: String, timeout: Duration = .seconds(5), check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.timeout = timeout
        self.check = check
    }

    /// Waits for the answer; a check that goes on beyond its time is cancelled and left behind.
    private func answer() async throws {
        let answer = Promise<Void>()
        let asking = Task {
            do { answer.keep(try await check()) } catch { answer.fail(error) }
        }
        let timer = Timers.shared.schedule(after: timeout) {
            answer.fail(KserError(.deadlineExceeded, "No answer within \(timeout)"))
        }
        defer {
            Timers.shared.cancel(timer)
            asking.cancel()
        }
        try await answer.value()
    }

    /// What is wrong; nil when nothing is.
    func complaint() async -> String? {
        do {
            try await answer()
            return nil
        } catch let error as KserError where error.kind == .deadlineExceeded {
            return "no answer within \(timeout)"
        } catch let failure as HealthFailure {
            return failure.reason
        } catch {
            return "\(error)"
        }
    }
}

/// Why a check fails, in words for whoever reads the endpoint.
public struct HealthFailure: Error, Sendable, CustomStringConvertible {
    /// The reason.
    public var reason: String

    /// Makes a failure.
    public init(_ reason: String) { self.reason = reason }

    /// The reason.
    public var description: String { reason }
}

extension [HealthCheck] {
    /// Asks all at once: 200 when nothing is wrong, 503 otherwise, with a line for each in the order given.
    func response() async -> HTTPResponse {
        let complaints = await withTaskGroup(of: (Int, String?).self) { group in
            for (index, check) in enumerated() { group.addTask { (index, await check.complaint()) } }
            return await group.reduce(into: [Int: String]()) { complaints, answer in complaints[answer.0] = answer.1 }
        }
        let lines = enumerated().map { index, check in
            complaints[index].map { "[-] \(check.name): \($0)" } ?? "[+] \(check.name)"
        }
        let verdict = complaints.isEmpty ? "ok" : "failed"
        return HTTPResponse(
            status: complaints.isEmpty ? 200 : 503,
            body: [UInt8]((lines + [verdict]).map { $0 + "\n" }.joined().utf8),
            headers: [("Cache-Control", "no-store")]
        )
    }
}

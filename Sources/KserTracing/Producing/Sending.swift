import Kser
import OpenTracing
import Synchronization

/// A span of a record that was handed over. It ends once: with the delivery, or when nobody will ask for that any more.
final class Sending: Sendable {
    let span: any Span
    private let ended = Atomic(false)

    init(_ span: any Span) { self.span = span }

    deinit { finish() }

    /// Waits for the delivery.
    func end(with delivery: Delivery) async throws -> RecordMetadata {
        do {
            let metadata = try await delivery.metadata()
            end(with: metadata)
            return metadata
        } catch {
            end(with: error)
            throw error
        }
    }

    func end(with metadata: RecordMetadata) {
        if !ended.load(ordering: .relaxed) { MessagingTags.note(metadata, on: span) }
        finish()
    }

    func end(with error: any Error) {
        if !ended.load(ordering: .relaxed) {
            MessagingTags.note(error, on: span)
            span.recordError(error, at: CallSite(file: #fileID, line: #line))
        }
        finish()
    }

    private func finish() {
        if !ended.exchange(true, ordering: .relaxed) { span.finish() }
    }
}

import Synchronization

/// Places, and room for bytes, that tasks take and give back: first come, first served.
package final class Permits: Sendable {
    /// A task's turn, while it waits.
    package struct Turn: Sendable {
        fileprivate let bytes: Int
        fileprivate let promise = Promise<Void>()

        /// Ends the wait.
        package func end() { promise.fail(CancellationError()) }
    }

    private struct State {
        var places: Int
        var bytes: Int
        let allBytes: Int
        var waiting = Queue<Turn>()
        /// How many of those that wait ended their wait.
        var ended = 0

        // What is larger than all the room goes alone.
        func fits(_ size: Int) -> Bool { places > 0 && (size <= bytes || bytes == allBytes) }

        mutating func take(_ size: Int) {
            places -= 1
            bytes -= size
        }

        mutating func giveBack(_ size: Int) {
            places += 1
            bytes += size
        }

        /// Takes a place for the first that waits, if there is one.
        mutating func next() -> Turn? {
            while let first = waiting.first {
                if first.promise.outcome == nil {
                    guard fits(first.bytes) else { return nil }
                    take(first.bytes)
                    return waiting.popFirst()
                }
                _ = waiting.popFirst()
                ended -= 1
            }
            return nil
        }

        mutating func noteEnd() {
            ended += 1
            if ended < 32 || ended < waiting.count / 2 { return }
            waiting.removeAll { $0.promise.outcome != nil }
            ended = 0
        }
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - places: how many tasks may have a place at once.
    ///   - bytes: how much they may take together; a task that wants more has it alone.
    package init(_ places: Int, bytes: Int = .max) {
        state = Mutex(State(places: places, bytes: bytes, allBytes: bytes))
    }

    /// How many wait, or did and are not forgotten.
    package var waiting: Int { state.withLock { $0.waiting.count } }

    /// Takes a place, when one is free.
    ///
    /// - Returns: nil when it was taken, else what ``wait(for:)`` takes.
    package func request(_ bytes: Int = 0) -> Turn? {
        state.withLock { state in
            if state.waiting.isEmpty, state.fits(bytes) {
                state.take(bytes)
                return nil
            }
            let turn = Turn(bytes: bytes)
            state.waiting.append(turn)
            return turn
        }
    }

    /// Waits for a place. The cancellation of the task ends the wait, as does ``Turn/end()``: the place is then one too
    /// many, and is to be given back unused.
    package func wait(for turn: Turn) async {
        do {
            try await turn.promise.value()
        } catch {
            turn.end()
            guard case .failure? = turn.promise.outcome else { return }
            let next = state.withLock { state in
                state.take(turn.bytes)
                state.noteEnd()
                return state.next()
            }
            serve(next)
        }
    }

    /// Takes a place, and room for bytes, waiting when there is none; see ``wait(for:)``.
    package func take(_ bytes: Int = 0) async {
        if let turn = request(bytes) { await wait(for: turn) }
    }

    /// Gives a place and its bytes back.
    package func giveBack(_ bytes: Int = 0) {
        let next = state.withLock { state in
            state.giveBack(bytes)
            return state.next()
        }
        serve(next)
    }

    private func serve(_ first: Turn?) {
        var next = first
        while let turn = next {
            // It may have ended its wait just now.
            let isTaken = turn.promise.settle(.success(()))
            next = state.withLock { state in
                if !isTaken {
                    state.giveBack(turn.bytes)
                    state.ended -= 1
                }
                return state.next()
            }
        }
    }
}

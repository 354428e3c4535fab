import Kser

/// What the ledger takes to begin an offset and to complete it, at 10,000 in flight that complete out of order.
@concurrent
func ledger(on stage: Stage) async throws -> [Row] {
    var figures: [(begin: Double, complete: Double)] = []
    for _ in 0..<9 { figures.append(ledgerRound()) }
    return [
        .limit("ledger-begin", figures.map(\.begin).median, below: 200, "ns"),
        .limit("ledger-complete", figures.map(\.complete).median, below: 200, "ns"),
    ]
}

/// Nanoseconds of processor time for an offset.
private func ledgerRound() -> (begin: Double, complete: Double) {
    let (inFlight, batch, rounds) = (10_000, 250, 200)
    // Ends lie up to a batch from where the beginnings lay.
    let shuffled = (0..<batch).map { Int64($0) }.shuffled()
    var ledger = OffsetLedger()
    var next: Int64 = 0
    var (begin, complete) = (0.0, 0.0)
    func beginBatch() {
        ledger.start(from: next, at: .now)
        for offset in next..<(next + Int64(batch)) { ledger.begin(offset) }
        next += Int64(batch)
    }
    while ledger.inFlight < inFlight { beginBatch() }
    for _ in 0..<rounds {
        let start = CPUTime.now
        for _ in 0..<40 { beginBatch() }
        let middle = CPUTime.now
        let oldest = next - Int64(inFlight + 40 * batch)
        for round in 0..<40 {
            for offset in shuffled { ledger.complete(oldest + Int64(round * batch) + offset) }
        }
        complete += CPUTime.now - middle
        begin += middle - start
        precondition(ledger.inFlight == inFlight)
    }
    let count = Double(rounds * 40 * batch)
    return (begin / count * 1e9, complete / count * 1e9)
}

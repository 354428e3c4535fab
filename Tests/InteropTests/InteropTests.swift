import Testing

/// Other implementations on the other side of a real broker.
///
/// One test after the other: an idle consumer of noida-db spins, and several of them starve one another.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum InteropTests {}

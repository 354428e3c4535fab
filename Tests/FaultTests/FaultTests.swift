import Testing

/// What trust rests on: processes that die, groups that change, brokers that fail.
///
/// About a tenth of the size by default; `make soak` (`KSER_SOAK=1`) runs the full size. One test after the other, for
/// each of them loads the machine. Every random choice comes from a seed that is printed; `KSER_SEED` sets it.
@Suite(.serialized, .timeLimit(.minutes(20)))
enum FaultTests {}

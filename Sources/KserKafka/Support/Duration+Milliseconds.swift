import Kser

extension Duration {
    /// The duration in whole milliseconds as librdkafka takes it: at least 0 and at most what an Int32 holds.
    var wholeMilliseconds: Int32 { Int32(clamping: max(0, milliseconds)) }
}

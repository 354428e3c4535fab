#if SwiftMetrics
import Metrics
import Synchronization

/// The instruments of a factory by name and dimensions, each made once.
final class Instruments: Sendable {
    typealias Dimensions = [(String, String)]

    private struct Key: Hashable {
        let label: String
        let values: [ScalarKey]
    }

    private struct State {
        var counters: [Key: Counter] = [:]
        var meters: [Key: Meter] = [:]
        var timers: [Key: Timer] = [:]
        var gauges: [Key: Gauge] = [:]
    }

    private let factory: any MetricsFactory
    private let state = Mutex(State())

    init(_ factory: any MetricsFactory) { self.factory = factory }

    func counter(_ label: String, _ dimensions: Dimensions = []) -> Counter {
        made(\.counters, label, dimensions) { Counter(label: label, dimensions: dimensions, factory: factory) }
    }

    /// A number that goes up and down by steps.
    func meter(_ label: String, _ dimensions: Dimensions = []) -> Meter {
        made(\.meters, label, dimensions) { Meter(label: label, dimensions: dimensions, factory: factory) }
    }

    func timer(_ label: String, _ dimensions: Dimensions = []) -> Timer {
        made(\.timers, label, dimensions) { Timer(label: label, dimensions: dimensions, factory: factory) }
    }

    func gauge(_ label: String, _ dimensions: Dimensions = []) -> Gauge {
        made(\.gauges, label, dimensions) { Gauge(label: label, dimensions: dimensions, factory: factory) }
    }

    private func made<Instrument: Sendable>(
        _ place: sending WritableKeyPath<State, [Key: Instrument]>,
        _ label: String,
        _ dimensions: Dimensions,
        _ make: () -> Instrument
    ) -> Instrument {
        let key = Key(label: label, values: dimensions.map { ScalarKey($0.1) })
        return state.withLock { state in
            if let instrument = state[keyPath: place][key] { return instrument }
            let instrument = make()
            state[keyPath: place][key] = instrument
            return instrument
        }
    }
}
#endif

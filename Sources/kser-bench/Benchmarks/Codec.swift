import Foundation
import Kser

// Reading and writing a message, beside Foundation's coders on an equal struct.

private let unit = "messages/s of a core"

@concurrent
func decode(on stage: Stage) async throws -> [Row] {
    let bytes = try Sample.bytes()
    let codec = JSONMessageCodec()
    let figures = try await Rounds(count: 25).compare(
        {
            try await CPUTime.rate(30_000) {
                let point = try codec.decode(bytes).params.decode(Sample.Point.self)
                precondition(point.y == 4)
            }
        },
        with: { try await foundationDecoding(bytes) }
    )
    return [Row(name: "decode", ours: figures.ours, baseline: figures.baseline, unit: unit, target: 8)]
}

/// How fast `JSONDecoder` gives the whole message, with its params.
func foundationDecoding(_ bytes: [UInt8]) async throws -> Double {
    let (decoder, data) = (JSONDecoder(), Data(bytes))
    return try await CPUTime.rate(3_000) {
        let message = try decoder.decode(Sample.Plain.self, from: data)
        precondition(message.params.y == 4)
    }
}

@concurrent
func encode(on stage: Stage) async throws -> [Row] {
    let codec = JSONMessageCodec()
    let encoder = JSONEncoder()
    let figures = try await Rounds(count: 25).compare(
        {
            try await CPUTime.rate(30_000) {
                let bytes = try codec.encode(Sample.message)
                precondition(bytes.count == 254)
            }
        },
        with: {
            try await CPUTime.rate(3_000) {
                let data = try encoder.encode(Sample.plain)
                precondition(data.count > 200)
            }
        }
    )
    return [Row(name: "encode", ours: figures.ours, baseline: figures.baseline, unit: unit, target: 8)]
}

/// A record to a typed handler that does nothing, and its result.
@concurrent
func dispatch(on stage: Stage) async throws -> [Row] {
    let bytes = try Sample.bytes()
    let record = Record(topic: "jobs", value: bytes)
    let controller = try await idleController()
    let figures = try await Rounds(count: 25).compare(
        {
            await CPUTime.rate(30_000) {
                let result = await controller.run(record)
                precondition(result.retcode == 0)
            }
        },
        with: { try await foundationDecoding(bytes) }
    )
    return [Row(name: "dispatch", ours: figures.ours, baseline: figures.baseline, unit: unit, target: 8)]
}

/// A controller whose typed handler does nothing, or calls the closure.
func idleController(
    monitor: (any KserMonitor)? = nil,
    _ body: @escaping @Sendable () -> Void = {}
) async throws -> Controller {
    let controller = Controller(monitor: monitor)
    try await controller.register(Sample.entrypoint) { (point: Sample.Point, _) in body() }
    return controller
}

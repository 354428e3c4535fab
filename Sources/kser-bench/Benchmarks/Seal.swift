import Foundation
import Kser
import KserCrypto

// Sealing and opening a message, beside libsodium's own functions and the plain codec on the same bytes.

private let unit = "µs of a core"

@concurrent
func seal(on stage: Stage) async throws -> [Row] {
    let (codec, raw) = try contenders()
    let plain = JSONMessageCodec()
    return try await compare(
        "seal",
        {
            let encoded = try codec.encode(Sample.message, for: "jobs")
            precondition(encoded.value.count > 254 && encoded.headers.count == 1)
        },
        with: {
            raw.seal(try plain.encode(Sample.message))
            precondition(raw.data.count > 254)
        }
    )
}

@concurrent
func open(on stage: Stage) async throws -> [Row] {
    let (codec, raw) = try contenders()
    let plain = JSONMessageCodec()
    let encoded = try codec.encode(Sample.message, for: "jobs")
    let record = Record(topic: "jobs", value: encoded.value, headers: encoded.headers)
    raw.seal(try Sample.bytes())
    return try await compare(
        "open",
        {
            let message = try codec.decode(encoded.value, of: record)
            precondition(message.uuid == Sample.uuid)
        },
        with: {
            let message = try plain.decode(raw.open())
            precondition(message.uuid == Sample.uuid)
        }
    )
}

/// A codec that names its key in a header, and libsodium alone with the same key.
private func contenders() throws -> (codec: SecretBoxCodec, raw: RawBox) {
    let key = try SecretBoxKey.generate()
    let bytes = Array(Data(base64Encoded: key.base64()) ?? Data())
    let codec = SecretBoxCodec(keys: try SecretBoxKeyRing(current: "2025", key))
    return (codec, RawBox(key: bytes, count: try Sample.bytes().count))
}

private func compare(
    _ name: String,
    _ ours: @escaping () throws -> Void,
    with baseline: @escaping () throws -> Void
) async throws -> [Row] {
    let figures = try await Rounds(count: 25).compare(
        { 1e6 / (try await CPUTime.rate(20_000, ours)) },
        with: { 1e6 / (try await CPUTime.rate(20_000, baseline)) }
    )
    return [
        Row(
            name: name,
            ours: figures.ours,
            baseline: figures.baseline,
            unit: unit,
            higherIsBetter: false,
            target: 1.6
        )
    ]
}

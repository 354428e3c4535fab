import Kser
import Testing

extension VectorTests {
    @Suite("messages")
    struct Messages {
        @Test(arguments: VectorFolder.kser("messages"))
        func message(_ entry: VectorEntry) async {
            await entry.run(swift: MessageRun.complaint) { try await MessageRun($0).outcome() }
        }
    }
}

/// Reads a message; writes it again, or hands it to a controller when it is refused.
private struct MessageRun {
    private let bytes: [UInt8]
    private let isBinary: Bool
    private let codec = JSONMessageCodec()

    init(_ vector: Vector) throws {
        let given = try Fields(vector.given, "given", allowing: ["input", "input_base64", "input_parts"])
        bytes = try inputBytes(of: given.object)
        isBinary = given.has("input_base64")
    }

    func outcome() async throws -> JSON {
        var outcome: JSONObject = [:]
        if isBinary { outcome["consumer_decode"] = decoded }
        do {
            let message = try codec.decode(bytes)
            outcome["loads"] = ["message": .object(message.json)]
            write(message, into: &outcome)
        } catch {
            outcome["loads"] = Outcome.raising(error)
            let lines = LogLines()
            let result = await Controller(codec: codec, logger: lines.logger).run(bytes)
            outcome["controller_result"] = .object(result.json)
            outcome["controller_log"] = .array(lines.take().array?.compactMap(\.asShortLine) ?? [])
        }
        return .object(outcome)
    }

    /// What a consumer of Python does with the bytes before it runs them.
    private var decoded: JSON {
        String(validating: bytes, as: UTF8.self) == nil ? ["raises": "UnicodeDecodeError", "str": ""] : "ok"
    }

    private func write(_ message: Message, into outcome: inout JSONObject) {
        do {
            let written = try codec.encode(message)
            outcome["dumps"] = .string(String(decoding: written, as: UTF8.self))
            outcome["roundtrip_stable"] = .bool(try codec.encode(codec.decode(written)) == written)
        } catch {
            outcome["dumps"] = Outcome.raising(error)
        }
    }
}

extension MessageRun {
    /// What has to hold where Python does something odd: bytes that are not UTF-8 are refused, what is written is JSON,
    /// and a refusal is a failed result with one line.
    static func complaint(_ vector: Vector, _ outcome: JSON) -> String? {
        if outcome["consumer_decode"]?.isNull == false, outcome["consumer_decode"]?.string == nil,
            outcome["loads"]?["message"] != nil
        {
            return "bytes that are not UTF-8 were read: \(outcome)"
        }
        if outcome["loads"]?["message"] != nil {
            guard let text = outcome["dumps"]?.string else { return nil }
            return (try? JSON(parsing: text)) == nil ? "what was written is not JSON: \(text)" : nil
        }
        let retcode = outcome["controller_result"]?["retcode"]?.int
        let lines = outcome["controller_log"]?.array?.count
        return (retcode == 400 || retcode == 500) && lines == 1 ? nil : "not a refusal: \(outcome)"
    }
}

extension JSON {
    /// A log line above debug without what it is about, long texts cut as the recorder cuts them.
    fileprivate var asShortLine: JSON? {
        guard self["level"] != "DEBUG", let logger = self["logger"], let level = self["level"] else { return nil }
        let text = Array((self["message"]?.string ?? "").unicodeScalars)
        var short = String.UnicodeScalarView(text)
        if text.count >= 600 {
            short = String.UnicodeScalarView(text.prefix(400))
            short.append(contentsOf: "<...>".unicodeScalars)
            short.append(contentsOf: text.suffix(100))
        }
        return ["logger": logger, "level": level, "message": .string(String(short))]
    }
}

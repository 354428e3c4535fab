import Kser

/// What travels in a record: a box and its nonce, both in base64, in a JSON object with these two fields and no other.
enum Envelope {
    /// Reads an envelope.
    ///
    /// - Throws: `KserError`: `validation` with the fields at fault in its extra, `internal` for what is not JSON and,
    ///   with a ``CryptoError`` as its cause, for bad base64 and impossible lengths.
    static func read(_ bytes: [UInt8]) throws(KserError) -> SecretBox { try box(of: parse(bytes)) }

    /// Reads an envelope; nil for another JSON object, one that has no field of an envelope.
    static func readIfSealed(_ bytes: [UInt8]) throws(KserError) -> SecretBox? {
        let json = try parse(bytes)
        if let object = json.object, !object.contains("data"), !object.contains("nonce") { return nil }
        return try box(of: json)
    }

    private static let refusal = "Failed to load message"

    private static func parse(_ bytes: [UInt8]) throws(KserError) -> JSON {
        do {
            return try JSON(parsing: bytes)
        } catch {
            let error = KserError(converting: error)
            // A float beyond the range of `Double`: the error's own text has its place, at any length.
            if error.kind == .validation { throw .validation(refusal, extra: ["_schema": ["Number too large."]]) }
            throw error
        }
    }

    private static func box(of json: JSON) throws(KserError) -> SecretBox {
        guard case .object(let object) = json else {
            throw .validation(refusal, extra: ["_schema": ["Invalid input type."]])
        }
        guard object.count == 2, case .string(let data)? = object["data"], case .string(let nonce)? = object["nonce"]
        else {
            throw .validation(refusal, extra: faults(of: object))
        }
        do throws(CryptoError) {
            guard let bytes = Base64.decode(data) else {
                throw CryptoError(.malformed, "The data of the envelope are not base64 with padding")
            }
            return try SecretBox(bytes: bytes, nonce: SecretBox.Nonce(base64: nonce))
        } catch {
            throw error.kserError
        }
    }

    /// What is wrong with the fields, in kser's words. Unknown fields are named, but not many and not at length.
    private static func faults(of object: JSONObject) -> JSONObject {
        var faults: JSONObject = [:]
        for field in ["data", "nonce"] {
            switch object[field] {
            case .string?: break
            case nil: faults[field] = ["Missing data for required field."]
            case .null?: faults[field] = ["Field may not be null."]
            case .some: faults[field] = ["Not a valid string."]
            }
        }
        let unknown = object.keys.lazy.filter { $0 != "data" && $0 != "nonce" }
        for field in unknown.prefix(32) { faults[field.shortened] = ["Unknown field."] }
        return faults
    }
}

extension Envelope {
    private static let opening: StaticString = #"{"data": ""#
    private static let middle: StaticString = #"", "nonce": ""#
    private static let closing: StaticString = #""}"#

    /// How large the envelope of so many bytes of content is.
    static func size(ofContent count: Int) -> Int {
        opening.utf8CodeUnitCount + Base64.encodedCount(of: count + SecretBox.overhead)
            + middle.utf8CodeUnitCount + Base64.encodedCount(of: SecretBox.Nonce.byteCount)
            + closing.utf8CodeUnitCount
    }

    /// The envelope as kser-crypto writes it, but for line breaks in the data.
    static func write(_ box: SecretBox) -> [UInt8] {
        let size = size(ofContent: box.bytes.count - SecretBox.overhead)
        // libsodium ends each text with a zero, in the place of the literal to come.
        return [UInt8](unsafeUninitializedCapacity: size) { text, count in
            guard var place = text.baseAddress else { return }
            place = write(opening, at: place)
            place = Base64.encode(box.bytes, count: box.bytes.count, to: place)
            place = write(middle, at: place)
            place = box.nonce.withPointer { Base64.encode($0, count: SecretBox.Nonce.byteCount, to: place) }
            place = write(closing, at: place)
            count = size
        }
    }

    private static func write(
        _ literal: StaticString,
        at place: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        place.update(from: literal.utf8Start, count: literal.utf8CodeUnitCount)
        return place + literal.utf8CodeUnitCount
    }
}

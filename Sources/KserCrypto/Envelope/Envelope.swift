import Kser

/// What travels in a record: a box and its nonce, both in base64, in a JSON object.
///
/// kser-crypto's form has these two fields and no other. The form of a message that is bound to a topic has `version`,
/// which is 2, `topic` and `entrypoint` before them.
enum Envelope {
    /// What a value may be.
    struct Forms: OptionSet {
        let rawValue: Int
        /// kser-crypto's envelope.
        static let unbound = Self(rawValue: 1)
        /// The envelope of a message that is bound to a topic.
        static let bound = Self(rawValue: 2)
        /// A JSON object without any field of kser-crypto's envelope.
        static let clear = Self(rawValue: 4)
    }

    static let boundVersion: Int64 = 2

    /// Reads an envelope.
    ///
    /// - Parameters:
    ///   - bytes: a JSON object in UTF-8.
    ///   - forms: what it may be.
    /// - Returns: what is in it; nil for a value in clear.
    /// - Throws: `KserError`: `validation` with the fields at fault in its extra, `internal` for what is not JSON and,
    ///   with a ``CryptoError`` as its cause, for bad base64 and impossible lengths.
    static func read(_ bytes: [UInt8], as forms: Forms) throws(KserError) -> SecretBox? {
        let json = try parse(bytes)
        guard case .object(let object) = json else {
            throw .validation(refusal, extra: ["_schema": ["Invalid input type."]])
        }
        if forms.contains(.clear), !object.contains("data"), !object.contains("nonce") { return nil }
        if forms.contains(.bound), object.contains("version") || !forms.contains(.unbound) {
            return try boundBox(of: object)
        }
        return try unboundBox(of: object)
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

    private static func unboundBox(of object: JSONObject) throws(KserError) -> SecretBox {
        guard object.count == 2, case .string(let data)? = object["data"], case .string(let nonce)? = object["nonce"]
        else {
            throw .validation(refusal, extra: faults(of: object, ["data", "nonce"]))
        }
        return try box(data: data, nonce: nonce, context: nil)
    }

    private static func boundBox(of object: JSONObject) throws(KserError) -> SecretBox {
        guard object.count == 5, case .integer(boundVersion)? = object["version"],
            case .string(let topic)? = object["topic"], case .string(let entrypoint)? = object["entrypoint"],
            case .string(let data)? = object["data"], case .string(let nonce)? = object["nonce"]
        else {
            var faults = faults(of: object, ["topic", "entrypoint", "data", "nonce"], besides: "version")
            switch object["version"] {
            case .integer(boundVersion)?: break
            case nil: faults["version"] = ["Missing data for required field."]
            case .some: faults["version"] = ["Not a version that is known here: \(boundVersion)."]
            }
            throw .validation(refusal, extra: faults)
        }
        return try box(data: data, nonce: nonce, context: MessageContext(topic: topic, entrypoint: entrypoint))
    }

    private static func box(
        data: String,
        nonce: String,
        context: MessageContext?
    ) throws(KserError) -> SecretBox {
        do throws(CryptoError) {
            guard let bytes = Base64.decode(data) else {
                throw CryptoError(.malformed, "The data of the envelope are not base64 with padding")
            }
            return try SecretBox(bytes: bytes, nonce: SecretBox.Nonce(base64: nonce), context: context)
        } catch {
            throw error.kserError
        }
    }

    /// What is wrong with the fields, in kser's words. Unknown fields are named, but not many and not at length.
    private static func faults(
        of object: JSONObject,
        _ texts: [String],
        besides other: String? = nil
    ) -> JSONObject {
        var faults: JSONObject = [:]
        for field in texts {
            switch object[field] {
            case .string?: break
            case nil: faults[field] = ["Missing data for required field."]
            case .null?: faults[field] = ["Field may not be null."]
            case .some: faults[field] = ["Not a valid string."]
            }
        }
        let unknown = object.keys.lazy.filter { $0 != other && !texts.contains($0) }
        for field in unknown.prefix(32) { faults[field.shortened] = ["Unknown field."] }
        return faults
    }
}

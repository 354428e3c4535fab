/// Takes the fields of an object and collects what is wrong with them, in the words of Python's marshmallow.
struct FieldLoader {
    static let missing = "Missing data for required field."
    static let null = "Field may not be null."
    static let notText = "Not a valid string."
    static let notInteger = "Not a valid integer."
    static let tooLarge = "Number too large."
    static let notMapping = "Not a valid mapping type."
    static let notObject: JSON = ["_schema": ["Invalid input type."]]

    private let object: JSONObject
    /// The texts of what is wrong, by field.
    private(set) var errors: JSONObject = [:]

    init(_ object: JSONObject) { self.object = object }

    /// A text field; nil when it is absent or wrong.
    mutating func text(_ field: String, isRequired: Bool = false) -> String? {
        guard let value = value(field, isRequired: isRequired) else { return nil }
        if case .string(let text) = value { return text }
        return refuse(field, Self.notText)
    }

    /// An object field; nil when it is absent or wrong.
    mutating func mapping(_ field: String) -> JSONObject? {
        guard let value = value(field) else { return nil }
        guard case .object(let object) = value else { return refuse(field, Self.notMapping) }
        let places = value.oversizedPlaces
        if places.isEmpty { return object }
        var error: JSON = [:]
        for place in places { error.setError([.string(Self.tooLarge)], at: place[...]) }
        errors[field] = error
        return nil
    }

    /// An integer field; nil when it is absent or wrong. Floats are truncated and decimal text is read, as in kser.
    mutating func integer(_ field: String) -> Int? {
        guard let value = value(field) else { return nil }
        switch value {
        case .integer(let number):
            return Int(number)
        case .bigInteger(let digits) where NumberText(digits).integerDigits != nil:
            return refuse(field, Self.tooLarge)
        case .double, .unsigned, .bigInteger:
            return value.double.flatMap { Int(exactly: $0.rounded(.towardZero)) } ?? refuse(field, Self.tooLarge)
        case .string(let text):
            let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }) else {
                return refuse(field, Self.notInteger)
            }
            return Int(text) ?? refuse(field, Self.tooLarge)
        default:
            return refuse(field, Self.notInteger)
        }
    }

    /// The value of a field; nil when it is absent or null, which is refused.
    private mutating func value(_ field: String, isRequired: Bool = false) -> JSON? {
        switch object[field] {
        case .null?: return refuse(field, Self.null)
        case nil where isRequired: return refuse(field, Self.missing)
        case let value: return value
        }
    }

    /// Notes what is wrong with a field.
    mutating func refuse(_ field: String, _ error: JSON) { errors[field] = error }

    private mutating func refuse<T>(_ field: String, _ text: String) -> T? {
        refuse(field, [.string(text)])
        return nil
    }
}

extension JSON {
    fileprivate mutating func setError(_ error: JSON, at path: ArraySlice<String>) {
        guard let key = path.first else {
            self = error
            return
        }
        var object = object ?? [:]
        var inner = object[key] ?? [:]
        inner.setError(error, at: path.dropFirst())
        object[key] = inner
        self = .object(object)
    }
}

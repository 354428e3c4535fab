extension JSONObject {
    /// The typed parameters of a handler.
    ///
    /// - Throws: ``KserError`` `validation` that names the field at fault.
    @inlinable
    func parameters<Parameters: Decodable>(_ type: Parameters.Type, in execution: Execution) throws -> Parameters {
        if Parameters.self == JSONObject.self, let parameters = self as? Parameters { return parameters }
        do {
            return try decode(type, dateStrategy: execution.dateStrategy)
        } catch let error as DecodingError {
            throw KserError(decoding: error)
        }
    }
}

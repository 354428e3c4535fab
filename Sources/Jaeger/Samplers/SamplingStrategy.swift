import Foundation

/// What Jaeger's backend answers when a service asks how to sample.
package enum SamplingStrategy: Sendable, Equatable {
    case probabilistic(rate: Double)
    case rateLimiting(maxTracesPerSecond: Double)
    case perOperation(OperationStrategies)

    /// Reads an answer that was parsed.
    ///
    /// - Throws: ``JaegerError`` of code `invalidAnswer` when it names no strategy that we know or one out of range.
    package init(_ answer: SamplingAnswer) throws(JaegerError) {
        if let operations = answer.operationSampling, !operations.isEmpty {
            self = .perOperation(try operations.validated)
            return
        }
        switch answer.strategyType {
        case "PROBABILISTIC":
            let rate = answer.probabilisticSampling?.samplingRate ?? ProbabilisticSampler.default.rate
            guard (0...1).contains(rate) else { throw JaegerError(.invalidAnswer, "the sampling rate is \(rate)") }
            self = .probabilistic(rate: rate)
        case "RATE_LIMITING":
            let rate = answer.rateLimitingSampling?.maxTracesPerSecond ?? OperationStrategies.defaultLowerBound
            guard (0..<500).contains(rate) else {
                throw JaegerError(.invalidAnswer, "the traces in a second are \(rate)")
            }
            self = .rateLimiting(maxTracesPerSecond: rate)
        default:
            throw JaegerError(.invalidAnswer, "the sampling strategy is \(answer.strategyType ?? "missing")")
        }
    }
}

/// The answer as JSON.
package struct SamplingAnswer: Decodable, Sendable {
    package struct Probabilistic: Decodable, Sendable { var samplingRate: Double? }
    package struct RateLimiting: Decodable, Sendable { var maxTracesPerSecond: Double? }

    var strategyType: String?
    var probabilisticSampling: Probabilistic?
    var rateLimitingSampling: RateLimiting?
    var operationSampling: OperationStrategies?

    static func isJSON(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    }

    package init(json: [UInt8]) throws(JaegerError) {
        do { self = try JSONDecoder().decode(SamplingAnswer.self, from: Data(json)) } catch {
            throw JaegerError(
                .invalidAnswer,
                "the answer of the sampling server is not what it should be",
                cause: error
            )
        }
    }
}

/// Strategies for operations, each by its name.
package struct OperationStrategies: Decodable, Sendable, Equatable {
    package struct Strategy: Decodable, Sendable, Equatable {
        var operation: String
        var probabilisticSampling: Rate?

        var rate: Double { probabilisticSampling?.samplingRate ?? ProbabilisticSampler.default.rate }
    }

    package struct Rate: Decodable, Sendable, Equatable { var samplingRate: Double? }

    static let defaultLowerBound = 1.0 / 600

    var defaultSamplingProbability: Double?
    var defaultLowerBoundTracesPerSecond: Double?
    var perOperationStrategies: [Strategy]?

    package init(json: [UInt8]) throws(JaegerError) {
        do { self = try JSONDecoder().decode(OperationStrategies.self, from: Data(json)) } catch {
            throw JaegerError(.invalidAnswer, "these are no strategies for operations", cause: error)
        }
    }

    var isEmpty: Bool {
        defaultSamplingProbability == nil && defaultLowerBoundTracesPerSecond == nil && perOperationStrategies == nil
    }

    package var probability: Double { defaultSamplingProbability ?? ProbabilisticSampler.default.rate }
    package var lowerBound: Double { defaultLowerBoundTracesPerSecond ?? Self.defaultLowerBound }

    /// The strategies, when each number is in its range.
    var validated: OperationStrategies {
        get throws(JaegerError) {
            let rates = [probability] + (perOperationStrategies ?? []).map(\.rate)
            guard rates.allSatisfy((0...1).contains), lowerBound >= 0, lowerBound.isFinite else {
                throw JaegerError(.invalidAnswer, "a sampling rate or the lower bound is out of range")
            }
            return self
        }
    }
}

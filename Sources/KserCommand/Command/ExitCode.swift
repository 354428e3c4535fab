import Kser
import KserCrypto
import KserKafka

/// How the tool ends; the numbers are those of `sysexits.h`.
enum ExitCode: Int32 {
    case success = 0
    /// Something that was asked for did not happen, and no number below says it better.
    case failure = 1
    /// The arguments are wrong.
    case usage = 64
    /// What was read is not what it has to be.
    case data = 65
    /// A file is missing or may not be read.
    case noInput = 66
    /// No broker or store answers.
    case unavailable = 69
    /// A setting in the environment or a property is wrong.
    case configuration = 78
    /// SIGINT ended it.
    case interrupted = 130

    /// What the overview says of them.
    static let table = """
          0  done
          1  something failed
         64  wrong arguments
         65  what was read is not what it has to be
         66  a file cannot be read
         69  no broker or store answers
         78  a setting is wrong
        130  interrupted
        """
}

/// An error of the arguments.
struct UsageError: Error {
    var message: String
    init(_ message: String) { self.message = message }
}

/// An error with the number to end with.
struct CommandError: Error {
    var code: ExitCode
    var message: String

    init(_ code: ExitCode, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What any error comes to: one line, and the number to end with.
struct CommandFailure {
    var code: ExitCode
    var line: String

    init(_ error: any Error, verb: String) {
        switch error {
        case let error as UsageError:
            code = .usage
            line = "kser \(verb): \(error.message); see kser \(verb) --help"
            return
        case let error as CommandError: (code, line) = (error.code, error.message)
        case let error as KafkaError: (code, line) = (Self.code(of: error), error.description)
        case let error as CryptoError: (code, line) = (Self.code(of: error), error.description)
        case let error as StoreError: (code, line) = (Self.code(of: error), error.description)
        case let error as KserError: (code, line) = (.data, error.message)
        case let error as ReplayError where error.cause is KafkaError:
            (code, line) = ((error.cause as? KafkaError).map(Self.code) ?? .failure, error.description)
        case is CancellationError: (code, line) = (.interrupted, "interrupted")
        default: (code, line) = (.failure, "\(error)")
        }
        line = "kser \(verb): " + line.split(separator: "\n").joined(separator: " ")
    }

    private static func code(of error: KafkaError) -> ExitCode {
        switch error.code {
        case .brokerUnavailable, .timedOut: .unavailable
        case .configuration, .notAuthorized: .configuration
        default: .failure
        }
    }

    private static func code(of error: StoreError) -> ExitCode {
        switch error.code {
        case .unavailable, .locked: .unavailable
        case .configuration, .denied, .newerSchema: .configuration
        case .corrupt: .data
        default: .failure
        }
    }

    private static func code(of error: CryptoError) -> ExitCode {
        switch error.code {
        case .missingKey, .invalidKey, .invalidKeyID, .unavailable: .configuration
        default: .data
        }
    }
}

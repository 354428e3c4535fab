import Foundation

enum Machine {
    static let hostName = ProcessInfo.processInfo.hostName
    /// The Python kser that this one behaves like.
    static let kserVersion = "0.8.27"
}
